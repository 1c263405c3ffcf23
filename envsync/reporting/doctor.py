"""What an examination found, for people: a line for each thing looked at. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from textwrap import wrap

from envsync.reporting.grid import grid

WIDTH = 120
"""Columns the table may take before its last one is wrapped; sentences are never cut."""
_LEAST = 40


class Health(StrEnum):
    """Whether what was looked at is fit for tonight."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: where, what, whether it is fit, and what was seen."""

    environment: str
    machine: str
    subject: str
    health: Health
    detail: str


def findings_table(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, and how many of each health there are."""
    headings = ("environment", "machine", "what", "state", "seen")
    cells = [(each.environment, each.machine, each.subject, each.health) for each in findings]
    taken = sum(max(map(len, column)) + 2 for column in zip(headings[:4], *cells, strict=True))
    room = max(_LEAST, WIDTH - taken)
    rows = [
        (*cell, "\n".join(wrap(each.detail, room, break_on_hyphens=False)))
        for cell, each in zip(cells, findings, strict=True)
    ]
    counts = (f"{sum(each.health is health for each in findings)} {health}" for health in Health)
    return f"{grid(rows, headings)}\n\n{', '.join(counts)}"

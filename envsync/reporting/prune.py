"""What a prune keeps and removes, as a table for people. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from envsync.reporting.format import bytes_text
from envsync.reporting.grid import grid

HEADINGS = ("database", "artefact", "size", "decision", "why")


@dataclass(frozen=True, slots=True)
class Decided:
    """One line: what becomes of an artefact, or of what is left of one."""

    database: str
    artefact: str
    bytes: int | None
    decision: str
    why: str


def prune_table(decided: Sequence[Decided], notes: Sequence[str]) -> str:
    """Return a line for each decision, and what no column says."""
    rows = [
        (
            each.database,
            each.artefact,
            "-" if each.bytes is None else bytes_text(each.bytes),
            each.decision,
            each.why,
        )
        for each in decided
    ]
    table = grid(rows, HEADINGS) if rows else "nothing to decide"
    return "\n".join((table, *(("", *notes) if notes else ())))

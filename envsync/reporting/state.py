"""What the journal knows, for people: the state of each database, and its history. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from envsync.execution.journal import Entry
from envsync.execution.outcome import State
from envsync.inventory.model import Ensure
from envsync.plan.hold import Hold
from envsync.plan.model import Clean, Push, Step, Verify
from envsync.reporting.format import age_text, bytes_text, count_text
from envsync.reporting.grid import grid
from envsync.reporting.table import duration_text, moment_text

REASON_WIDTH = 60
"""Columns a reason may take in a table; the journal and the log have it whole."""


@dataclass(frozen=True, slots=True)
class Served:
    """A step, the last that is known of it, and where the data that is live now came from."""

    step: Step
    last: Entry | None
    served: Entry | None
    is_running: bool
    hold: Hold | None = None


def status_table(states: Sequence[Served], now: datetime) -> str:
    """Return a line per step: how old its data is, how it last ended, what it is doing."""
    headings = (
        "environment",
        "database",
        "step",
        "data age",
        "last",
        "at (UTC)",
        "state",
        "reason",
    )
    rows = [
        (
            state.step.environment.name,
            state.step.key,
            state.step.verb,
            _age(state, now),
            str(state.last.outcome or "-") if state.last else "never",
            moment_text(state.last.ended or state.last.started) if state.last else "-",
            _doing(state, now),
            _short(_reason(state)),
        )
        for state in states
    ]
    if not rows:
        return "nothing to show"
    return grid(rows, headings)


def _age(state: Served, now: datetime) -> str:
    """Return the age of what a step's target serves; others serve nothing."""
    if isinstance(state.step.action, Push | Clean | Verify) or state.served is None:
        return "-"
    taken = state.served.data_of
    return age_text(now - taken) if taken else "?"


def _reason(state: Served) -> str:
    """Return why a step is held, else why it last ended as it did."""
    if state.hold is not None:
        return f"{state.hold.because} ({state.hold.by})"
    return state.last.reason if state.last else ""


def _doing(state: Served, now: datetime) -> str:
    if state.is_running:
        return "running"
    if state.hold is not None:
        past = state.hold.is_past(now.date())
        return f"hold past {state.hold.until}" if past else f"held until {state.hold.until}"
    if state.last and state.last.started and not state.last.ended:
        return "interrupted"
    return "disabled" if state.step.options.ensure is Ensure.DISABLED else "idle"


def history_table(entries: Sequence[Entry]) -> str:
    """Return entries as they are given, a line each."""
    headings = (
        "at (UTC)",
        "environment",
        "step",
        "outcome",
        "took",
        "size",
        "rows or objects",
        "reason",
    )
    rows = [
        (
            moment_text(entry.started or entry.planned),
            entry.environment,
            entry.verb,
            _ended(entry),
            duration_text(entry.seconds),
            bytes_text(entry.bytes) if entry.bytes else "-",
            count_text(entry.rows) if entry.rows else "-",
            _short(entry.reason),
        )
        for entry in entries
    ]
    return grid(rows, headings)


def _ended(entry: Entry) -> str:
    if entry.outcome is State.DONE and entry.warnings:
        return "done, with warnings"
    if entry.outcome is None:
        return "not ended" if entry.started else "not begun"
    return str(entry.outcome)


def _short(reason: str) -> str:
    return reason if len(reason) <= REASON_WIDTH else reason[: REASON_WIDTH - 1] + "…"

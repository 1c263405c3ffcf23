"""What a run tells while it goes: a line for each start and each end. Pure."""

from collections.abc import Sequence

from envsync.commands.reports import CheckCode
from envsync.execution.executor import Event, Started
from envsync.execution.outcome import Outcome, State
from envsync.plan.model import Copy
from envsync.reporting.icinga import message


def line(event: Event) -> str:
    """Return what happened as one line."""
    match event:
        case Started(step=step):
            return f"started: {step.action}"
        case Outcome():
            return message(event)


def fields(event: Event) -> dict[str, object]:
    """Return what happened as fields, for logs that machines read."""
    told: dict[str, object] = {
        "step": str(event.step.action),
        "environment": event.step.environment.name,
        "bucket" if isinstance(event.step.action, Copy) else "database": event.step.key,
    }
    if isinstance(event, Outcome):
        told |= {
            "outcome": str(event.state),
            "reason": event.reason,
            "seconds": round(event.seconds, 3),
            "bytes": event.measured.bytes,
            **_counts(event),
        }
    return told


def _counts(outcome: Outcome) -> dict[str, object]:
    measured = outcome.measured
    if isinstance(outcome.step.action, Copy):
        return {"copied": measured.copied, "deleted": measured.deleted}
    return {
        "rows": sum(measured.rows.values()),
        "artefact": str(outcome.artefact) if outcome.artefact else None,
    }


def severity(event: Event) -> str:
    """Return how a log ranks what happened."""
    if isinstance(event, Started):
        return "INFO"
    return {CheckCode.OK: "INFO", CheckCode.WARNING: "WARNING"}.get(event.code, "ERROR")


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return how a run ended, in one line."""
    counts = [f"{sum(outcome.state is state for outcome in outcomes)} {state}" for state in State]
    return ", ".join(count for count in counts if not count.startswith("0 ")) or "nothing to do"

"""A plan for machines: every step with all that is known of it, as JSON. Pure."""

import json
from collections.abc import Mapping

from envsync.inventory.model import NeverSanitise
from envsync.plan.hold import NOTHING_HELD, Held
from envsync.plan.model import Clean, Copy, Plan, Pull, Push, Step, Verify
from envsync.reporting.table import sanitised_by


def plan_json(plan: Plan, expected: Mapping[int, float | None], held: Held = NOTHING_HELD) -> str:
    """Return a plan as JSON; it holds no secret, as a plan holds none."""
    steps = [
        {**_step(step, expected.get(step.number)), "held": held.paused.get(step.number)}
        for step in plan.steps
    ]
    return json.dumps({"steps": steps}, indent=2, ensure_ascii=False)


def _step(step: Step, expected: float | None) -> dict[str, object]:
    options = step.options
    return {
        "number": step.number,
        "step": step.verb,
        "machine": step.machine,
        **_subject(step),
        **_ends(step),
        "title": options.title,
        "ensure": options.ensure,
        "schedule": options.schedule.text if options.schedule else None,
        "deadline_seconds": options.deadline.total_seconds() if options.deadline else None,
        "needs": list(step.needs),
        "group": step.group,
        "expected_seconds": expected,
    }


def _subject(step: Step) -> dict[str, object]:
    if isinstance(step.action, Copy):
        return {"bucket": step.key}
    return {
        "database": step.key,
        "name": step.database.name,
        "server": step.database.server.name,
    }


def _because(step: Step) -> str | None:
    return step.sanitised.because if isinstance(step.sanitised, NeverSanitise) else None


def _ends(step: Step) -> dict[str, object]:
    match step.action:
        case Push(database):
            return {"from": database.environment.name, "to": database.storage.url}
        case Pull(sync):
            return {
                "from": sync.source.environment.name,
                "to": sync.target.environment.name,
                "sanitised_by": sync.script.name if sync.script else sanitised_by(step),
                "sanitised_at": sync.sanitise_at,
                "because": _because(step),
                "checks": sync.checks.name if sync.checks else None,
                "columns": sync.columns.file if sync.columns else None,
                "coverage": sync.gate,
                "restore_jobs": sync.target.restore_jobs,
            }
        case Clean(sync):
            return {
                "from": sync.source.environment.name,
                "to": sync.source.clean_storage.url if sync.source.clean_storage else None,
                "sanitised_by": sanitised_by(step),
                "checks": sync.checks.name if sync.checks else None,
                "restore_jobs": sync.target.restore_jobs,
            }
        case Verify(sync):
            return {
                "from": sync.source.environment.name,
                "to": sync.target.server.name,
                "checks": sync.checks.name if sync.checks else None,
                "restore_jobs": sync.target.restore_jobs,
            }
        case Copy(sync):
            return {
                "from": sync.source.environment.name,
                "to": sync.target.environment.name,
                "source": sync.source.place.url,
                "target": sync.target.place.url,
                "because": _because(step),
                "delete": sync.delete,
                "max_delete_percent": float(sync.max_delete) if sync.delete else None,
            }

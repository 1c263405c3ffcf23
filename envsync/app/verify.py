"""Restore drills by hand: of the newest artefact of one database, or of another."""

import os

from envsync.app.asked import Asked, database, inventory
from envsync.app.runs import positive
from envsync.errors import RefusedError
from envsync.execution.executor import Run
from envsync.inventory.model import Inventory
from envsync.plan.expand import expand
from envsync.plan.hold import require_not_held
from envsync.plan.model import Plan
from envsync.plan.scratch import with_drill
from envsync.plan.select import Selection, require_known, select
from envsync.running import state, today


def verify_plan(asked: Asked) -> Plan:
    """Return the plan of one drill, whether or not the inventory lists it.

    Without an environment: ENVSYNC_ENVIRONMENT, else the only one with a drill of the database.
    """
    known = inventory(asked.inventory)
    key = asked.database or ""
    require_known(known, Selection(keys=(key,)))
    environment = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    meant = database(Asked(asked.inventory, environment or _only(known, key), key))
    selection = Selection(
        (meant.environment.name,), (key,), disabled=True, goals=("verify",), verbs=("verify",)
    )
    plan = select(expand(with_drill(known, meant)), selection)
    require_not_held(plan, state().holds.all(), today())
    return plan


def verify_run(jobs: str, timestamp: str | None) -> Run:
    """Return how a drill goes: what it finds wrong with an artefact is told, whenever it does."""
    return Run(positive(jobs), timestamp)


def _only(known: Inventory, key: str) -> str:
    listed = [each.database.environment.name for each in known.drills if each.database.key == key]
    if len(listed) != 1:
        there = f"it has drills in {' and '.join(listed)}" if listed else "no drill of it is listed"
        raise RefusedError(
            f"say which environment's artefact of {key!r} is to be verified, with --env; {there}"
        )
    return listed[0]

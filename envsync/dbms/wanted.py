"""Which artefact a step restores, as whoever looks at servers and storages is asked for it."""

from envsync.dbms.dumps import script_of, written
from envsync.dbms.request import Request
from envsync.inventory.model import Sync
from envsync.plan.model import Clean, Step
from envsync.questions import PUSH_FIRST, Wanted


def wanted(step: Step, sync: Sync, request: Request) -> Wanted:
    """Return the artefact that was pushed for a step; else the one that is asked for."""
    source = sync.source
    return Wanted(
        storage=sync.storage,
        environment=source.environment.name,
        database=source.key,
        path=source.path,
        name=source.name,
        now=request.now,
        timestamp=str(request.pushed.stamp) if request.pushed else request.timestamp,
        awaited=request.awaited,
        writes=written(step),
        cleans=isinstance(step.action, Clean),
        sanitised_by=script_of(sync.script),
        checked_by=script_of(sync.checks),
        remedy=_remedy(sync),
    )


def _remedy(sync: Sync) -> str:
    """Say what makes an artefact for a sync: a push alone makes none clean."""
    if not sync.is_cleaned:
        return PUSH_FIRST
    return f"envsync sync {sync.target.key} --env {sync.target.environment.name} makes one"

"""Which artefact a step restores, as whoever looks at servers and storages is asked for it."""

from envsync.dbms.dumps import script_of, written
from envsync.dbms.request import Request
from envsync.inventory.model import Sync
from envsync.plan.model import Clean, Step
from envsync.questions import Wanted


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
    )

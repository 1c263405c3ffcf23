"""What a restore drill leaves beside the artefact, however it went: the same for all engines."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey
from envsync.commands import Command, Location
from envsync.commands.artefacts import RecordVerification
from envsync.dbms.request import Fault, Request
from envsync.facts import Facts, PullFactsBase
from envsync.places import SnapshotRepository
from envsync.plan.model import Clean, Pull, Step, Verify
from envsync.verification import Verification
from envsync.version import VERSION


def restored(step: Step, facts: Facts) -> ArtefactKey | None:
    """Return the artefact that a step restores; None where it restores none, or awaits it."""
    match step.action, facts:
        case Pull(sync) | Clean(sync) | Verify(sync), PullFactsBase(manifest=manifest) if manifest:
            return ArtefactKey.of(manifest, sync.source.path)
        case _:
            return None


def passed(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What follows a drill that went well; what was measured completes it."""
    key = restored(step, facts)
    if isinstance(step.action, Verify) and isinstance(facts, PullFactsBase) and key:
        yield from _recorded(step.action, key, request, _result(step.action, request, facts))


def failed(step: Step, request: Request) -> Iterator[Command]:
    """What follows a drill that found fault with the artefact itself."""
    if isinstance(step.action, Verify) and request.fault:
        fault = request.fault
        yield from _recorded(
            step.action, fault.artefact, request, _fault(step.action, request, fault)
        )


def _recorded(
    drill: Verify, key: ArtefactKey, request: Request, result: Verification
) -> Iterator[Command]:
    """Write a result, except into a repository of snapshots, which holds nothing else."""
    storage = drill.sync.source.storage
    if not isinstance(storage, SnapshotRepository):
        yield RecordVerification(Location(storage, key), request.now, result)


def _result(drill: Verify, request: Request, facts: PullFactsBase) -> Verification:
    checks = drill.sync.checks
    return Verification(
        at=str(request.now),
        healthy=True,
        checks=checks.name if checks else "",
        server_version=facts.server_version,
        envsync_version=VERSION,
    )


def _fault(drill: Verify, request: Request, fault: Fault) -> Verification:
    checks = drill.sync.checks
    return Verification(
        at=str(request.now),
        healthy=False,
        reason=fault.reason,
        seconds=fault.measured.seconds,
        rows=fault.measured.rows,
        checks=checks.name if checks else "",
        server_version=fault.server_version,
        envsync_version=VERSION,
    )

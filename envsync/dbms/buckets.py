"""How a bucket is copied into another: counted, copied, rid of what is left over."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from envsync.commands import Command
from envsync.commands import buckets as b
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts import Facts
from envsync.facts.buckets import Changes, CopyFacts
from envsync.inventory.model import BucketSync
from envsync.places import BucketPlace
from envsync.plan.model import Copy, Step
from envsync.questions import Question
from envsync.questions.buckets import ObserveCopy


def question(step: Step, request: Request) -> Question:
    """What must be known before the step acts."""
    sync = _sync(step)
    return ObserveCopy(_source(sync), sync.target.place, request.awaited)


def idle(facts: Facts) -> str | None:
    """Why there is rightly nothing to do here: there never is a reason."""
    del facts
    return None


def refuse(step: Step, request: Request, facts: Facts) -> None:
    """Raise RefusedError where the source is empty, or too much would be deleted.

    Not while another copy is awaited that will change the source: the step looks again itself.
    """
    changes = _changes(facts)
    if changes is None or _is_awaited(facts) or request.allow_mass_delete:
        return
    sync = _sync(step)
    if changes.source_objects == 0:
        raise RefusedError(
            f"{sync.source.place.url} holds no objects; correct 'buckets.{sync.source.key}' of "
            f"{sync.source.environment.name}, or if it is rightly empty, add --allow-mass-delete"
        )
    if sync.delete and changes.deletions > _at_most(sync, changes):
        raise RefusedError(
            f"{changes.deletions:,} of the {changes.target_objects:,} objects of "
            f"{sync.target.place.url} are not in {sync.source.place.url} and would be deleted, "
            f"more than 'max_delete: {_percent(sync.max_delete)}%' allows; look at both buckets, "
            "and if that is right, add --allow-mass-delete"
        )


def commands(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What the step does, in order: nothing is deleted before everything is copied."""
    sync = _sync(step)
    changes = _changes(facts)
    source, target = _source(sync), sync.target.place
    yield b.CopyObjects(source, target, request.now, changes)
    if sync.delete and (changes is None or changes.deletions):
        unbounded = request.allow_mass_delete or changes is None
        at_most = None if unbounded else _at_most(sync, changes or Changes())
        yield b.DeleteObjects(source, target, at_most, changes)


def abandon(step: Step, request: Request) -> Iterator[Command]:
    """What clears up after a step that failed: nothing, each object is copied whole or not."""
    del step, request
    return iter(())


def _sync(step: Step) -> BucketSync:
    if not isinstance(step.action, Copy):
        raise TypeError(f"{step.action} is not a copy")
    return step.action.sync


def _source(sync: BucketSync) -> BucketPlace:
    """Return the source as it is read by whoever writes the target: one client does both."""
    place, writer = sync.source.place, sync.target.place.storage
    return replace(
        place,
        storage=replace(
            place.storage,
            profile=writer.profile,
            role_arn=writer.role_arn,
            external_id=writer.external_id,
        ),
    )


def _changes(facts: Facts) -> Changes | None:
    return facts.changes if isinstance(facts, CopyFacts) else None


def _is_awaited(facts: Facts) -> bool:
    return isinstance(facts, CopyFacts) and facts.awaited


def _at_most(sync: BucketSync, changes: Changes) -> int:
    return int(changes.target_objects * sync.max_delete / 100)


def _percent(share: Decimal) -> str:
    return f"{share.normalize():f}"

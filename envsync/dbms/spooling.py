"""Steps whose artefact passes through a folder of this machine, as rsync needs it. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from envsync import commands as c
from envsync.facts import Facts, PullFactsBase, PushFactsBase
from envsync.inventory.model import Database, Environment
from envsync.places import RsyncStorage
from envsync.plan.model import Pull, Push, Step, Verify


def spooled(step: Step) -> Step:
    """Return the step with its storages told where it may put temporary files."""
    folder = step.options.temppath
    if folder is None or not isinstance(step.storage, RsyncStorage):
        return step
    match step.action:
        case Push(database):
            return replace(step, action=Push(_database(database, folder)))
        case Pull(sync) | Verify(sync):
            source, target = _database(sync.source, folder), _database(sync.target, folder)
            moved = replace(step.action, sync=replace(sync, source=source, target=target))
            return replace(step, action=moved)
        case _:
            return step


def spool(step: Step, facts: Facts) -> Iterator[c.Command]:
    """What goes before a step whose artefact passes through a folder: how much room it takes."""
    place = step.storage
    if not isinstance(place, RsyncStorage):
        return
    match facts:
        case PullFactsBase(manifest=manifest) if manifest:
            yield c.Spool(place, manifest.bytes or None)
        case PushFactsBase(newest_bytes=newest):
            yield c.Spool(place, newest)
        case _:
            yield c.Spool(place, None)


def _database(database: Database, folder: str) -> Database:
    return replace(database, environment=_environment(database.environment, folder))


def _environment(environment: Environment, folder: str) -> Environment:
    place = environment.storage
    if isinstance(place, RsyncStorage):
        return replace(environment, storage=replace(place, spool=folder))
    return environment

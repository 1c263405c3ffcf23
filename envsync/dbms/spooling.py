"""Steps whose artefact passes through a folder of this machine, as rsync needs it. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from envsync.commands import Command
from envsync.commands.artefacts import Spool
from envsync.dbms.dumps import written
from envsync.facts import Facts, PullFactsBase, PushFactsBase
from envsync.inventory.model import Database, Environment
from envsync.places import RsyncStorage, Storage
from envsync.plan.model import Clean, Pull, Push, Step, Verify

Place = TypeVar("Place", Storage, Storage | None)


def spooled(step: Step) -> Step:
    """Return the step with its storages told where it may put temporary files."""
    folder = step.options.temppath
    if folder is None or not _through_a_folder(step):
        return step
    match step.action:
        case Push(database):
            return replace(step, action=Push(_database(database, folder)))
        case Pull(sync) | Clean(sync) | Verify(sync):
            source, target = _database(sync.source, folder), _database(sync.target, folder)
            moved = replace(step.action, sync=replace(sync, source=source, target=target))
            return replace(step, action=moved)
        case _:
            return step


def spool(step: Step, facts: Facts) -> Iterator[Command]:
    """What goes before a step whose artefact passes through a folder: how much room it takes."""
    for place in _through_a_folder(step):
        match facts:
            case PullFactsBase(manifest=manifest) if manifest:
                yield Spool(place, manifest.bytes or None)
            case PushFactsBase(newest_bytes=newest):
                yield Spool(place, newest)
            case _:
                yield Spool(place, None)


def _through_a_folder(step: Step) -> tuple[RsyncStorage, ...]:
    """Return the storages that a step reads or writes by way of a folder of this machine."""
    writes = written(step) if isinstance(step.action, Clean) else None
    places = (step.storage, writes)
    return tuple(place for place in places if isinstance(place, RsyncStorage))


def _database(database: Database, folder: str) -> Database:
    return replace(database, environment=_environment(database.environment, folder))


def _environment(environment: Environment, folder: str) -> Environment:
    return replace(
        environment,
        storage=_in(environment.storage, folder),
        clean_storage=_in(environment.clean_storage, folder),
    )


def _in(place: Place, folder: str) -> Place:
    return replace(place, spool=folder) if isinstance(place, RsyncStorage) else place

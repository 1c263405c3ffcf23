"""Copying what is clean out of the quarantine, raw, beside the live collections."""

from collections.abc import Sequence

from envsync.commands.mongo_promote import CopyBeside
from envsync.gateways.mongo.books import staged
from envsync.gateways.mongo.building import build_indexes, create, insert, stored_in
from envsync.gateways.mongo.catalogue import Collection
from envsync.gateways.mongo.parsing import count
from envsync.gateways.mongo.reading import Part, batches, parts
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team


def copy_beside(command: CopyBeside, scope: Scope) -> None:
    """Copy every collection that was restored, and build its indexes."""
    database = command.target.database
    with connect(command.target.endpoint, scope) as session:
        found = [each for each in staged(session, database) if each.kind != "view"]
        for each in found:
            create(session, database, each, f"{command.prefix}{each.name}")
        todo = _todo(command, session, found)
        _in_parallel(command, scope, session, todo)


def _todo(command: CopyBeside, session: Session, found: Sequence[Collection]) -> list[list[Part]]:
    """Return the parts of each collection, the largest collection first."""
    quarantine = command.quarantine.database
    whole = [parts(session, quarantine, each, 0, ranges=False) for each in found]
    share = sum(part.bytes for each in whole for part in each) // command.jobs
    split = [parts(session, quarantine, each, share, ranges=command.ranges) for each in found]
    return sorted(split, key=lambda each: -sum(part.bytes for part in each))


def _in_parallel(
    command: CopyBeside, scope: Scope, session: Session, todo: list[list[Part]]
) -> None:
    with Team(scope, command.jobs, "copy-collections") as team:
        copying = [
            (each[0].collection, [team.start(_copy, command, session, team.scope, p) for p in each])
            for each in todo
        ]
        for collection, copied in copying:
            for part in copied:
                part.result()
            name = f"{command.prefix}{collection.name}"
            team.start(build_indexes, session, command.target.database, collection, name)


def _copy(command: CopyBeside, session: Session, scope: Scope, part: Part) -> None:
    into = stored_in(part.collection, f"{command.prefix}{part.collection.name}")
    reader = session.begin()
    for raw in batches(session, command.quarantine.database, part, reader):
        scope.check()
        insert(session, command.target.database, into, raw, count(raw))
        scope.meter.moved(len(raw))

"""Copying what is clean out of the quarantine, raw, beside the live collections."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from envsync.commands.mongo_promote import CopyBeside
from envsync.gateways.mongo.books import staged
from envsync.gateways.mongo.building import build_indexes, create, insert, kept_as_made, stored_in
from envsync.gateways.mongo.catalogue import Collection
from envsync.gateways.mongo.parsing import count
from envsync.gateways.mongo.reading import Part, batches, parts
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team


def copy_beside(command: CopyBeside, require_ours: Callable[[], None], scope: Scope) -> None:
    """Copy every collection that was restored, and build its indexes.

    What was read is written only if the quarantine was still this run's when it had been read.
    """
    database = command.target.database
    with connect(command.target.endpoint, scope) as session:
        found = [each for each in staged(session, database) if each.kind != "view"]
        for each in found:
            create(session, database, each, f"{command.prefix}{each.name}")
        todo = _todo(command, session, found)
        names = [f"{command.prefix}{each.name}" for each in found]
        with kept_as_made(session, database, names):
            _in_parallel(_Copying(command, session, require_ours), scope, todo)


def _todo(command: CopyBeside, session: Session, found: Sequence[Collection]) -> list[list[Part]]:
    """Return the parts of each collection, the largest collection first."""
    quarantine = command.quarantine.database
    whole = [parts(session, quarantine, each, 0, ranges=False) for each in found]
    share = sum(part.bytes for each in whole for part in each) // command.jobs
    split = [parts(session, quarantine, each, share, ranges=command.ranges) for each in found]
    return sorted(split, key=lambda each: -sum(part.bytes for part in each))


@dataclass(frozen=True, slots=True)
class _Copying:
    """What all parts of a copy have in common."""

    command: CopyBeside
    session: Session
    require_ours: Callable[[], None]

    def copy(self, scope: Scope, part: Part) -> None:
        """Copy a part, batch by batch."""
        command, session = self.command, self.session
        into = stored_in(part.collection, f"{command.prefix}{part.collection.name}")
        for raw in batches(session, command.quarantine.database, part, session.begin()):
            scope.check()
            self.require_ours()
            insert(session, command.target.database, into, raw, count(raw))
            scope.meter.moved(len(raw))


def _in_parallel(copying: _Copying, scope: Scope, todo: list[list[Part]]) -> None:
    command, session = copying.command, copying.session
    with Team(scope, command.jobs, "copy-collections") as team:
        under_way = [
            (each[0].collection, [team.start(copying.copy, team.scope, part) for part in each])
            for each in todo
        ]
        for collection, copied in under_way:
            for part in copied:
                part.result()
            name = f"{command.prefix}{collection.name}"
            team.start(build_indexes, session, command.target.database, collection, name)

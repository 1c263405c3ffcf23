"""Pull: an archive's documents into new collections, over several connections."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from envsync.commands.mongo import Restore
from envsync.errors import CommandError
from envsync.gateways.mongo.books import stage
from envsync.gateways.mongo.building import build_indexes, create, insert, kept_as_made, stored_in
from envsync.gateways.mongo.catalogue import Collection, announced
from envsync.gateways.mongo.channel import Channel
from envsync.gateways.mongo.parsing import Archive, Documents, End
from envsync.gateways.mongo.reading import BATCH_BYTES, LARGEST_BATCH
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team


@dataclass(slots=True)
class _Load:
    """One collection on its way in: documents still under way, and whether more may come."""

    collection: Collection
    name: str
    into: str
    raw: list[bytes] = field(default_factory=list)
    count: int = 0
    bytes: int = 0
    under_way: int = 0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class _Task:
    """Documents to put in; none at the end of a collection that was all put in before."""

    load: _Load
    raw: bytes
    count: int


class _Loading:
    """Restores one archive; the tasks are worked off by a team."""

    def __init__(
        self,
        command: Restore,
        session: Session,
        tolerant: frozenset[str],
        require_ours: Callable[[], None],
    ) -> None:
        self._command = command
        self._session = session
        self._tolerant = tolerant
        self._require_ours = require_ours
        self._lock = threading.Lock()
        self.rows: Counter[str] = Counter()

    def prepare(self, archive: Archive) -> dict[str, _Load]:
        """Create all collections, empty; returns them by where the archive has their documents."""
        found = [
            collection
            for collection in map(announced, archive.entries)
            if not collection.name.startswith("system.")
        ]
        wanted = [each for each in found if each.name not in self._command.without_collections]
        if self._command.live:
            stage(self._session, self._command.live, wanted)
        loads = {}
        for each in wanted:
            if each.kind == "view":
                if not self._command.prefix:
                    create(self._session, self._command.target.database, each, each.name)
                continue
            name = f"{self._command.prefix}{each.name}"
            create(self._session, self._command.target.database, each, name)
            loads[each.stored_in] = _Load(each, name, stored_in(each, name))
            self.rows[each.name] = 0
        return loads

    def tasks(self, archive: Archive, loads: dict[str, _Load]) -> Iterator[_Task]:
        """Yield what is to be done, as the archive comes in."""
        for found in archive.content():
            load = loads.get(found.collection)
            match found:
                case Documents(raw=raw, count=count) if load:
                    load.raw.append(raw)
                    load.count += count
                    load.bytes += len(raw)
                    if load.bytes >= BATCH_BYTES or load.count >= LARGEST_BATCH:
                        yield self._batch(load)
                case End() if load:
                    yield self._batch(load, last=True)
        open_still = sorted(each.collection.name for each in loads.values() if not each.ended)
        if open_still:
            raise CommandError(f"the archive ends before {open_still[0]!r} does")

    def _batch(self, load: _Load, *, last: bool = False) -> _Task:
        task = _Task(load, b"".join(load.raw), load.count)
        load.raw, load.count, load.bytes = [], 0, 0
        with self._lock:
            load.under_way += 1
            load.ended = last
            self.rows[load.collection.name] += task.count
        return task

    def carry_out(self, task: _Task) -> None:
        """Put documents in; once the last ones of a collection are, build its indexes."""
        load, database = task.load, self._command.target.database
        if task.count:
            self._require_ours()
            twice = insert(self._session, database, load.into, task.raw, task.count)
            if twice and load.collection.name not in self._tolerant:
                raise CommandError(
                    f"{twice} documents of {load.collection.name!r} are in the archive twice"
                )
        with self._lock:
            load.under_way -= 1
            is_whole = load.ended and not load.under_way
        if is_whole and self._command.indexes:
            build_indexes(self._session, database, load.collection, load.name)


def restore(
    command: Restore,
    blocks: Iterator[bytes],
    tolerant: frozenset[str],
    require_ours: Callable[[], None],
    scope: Scope,
) -> dict[str, int]:
    """Restore a stream; returns the documents that were restored, by collection.

    It ends as soon as another run restores into the same place.
    """
    with connect(command.target.endpoint, scope) as session:
        loading = _Loading(command, session, tolerant, require_ours)
        archive = Archive(blocks, command.source)
        loads = loading.prepare(archive)
        names = [each.name for each in loads.values()]
        with (
            kept_as_made(session, command.target.database, names),
            Team(scope, command.jobs, "insert-documents") as team,
        ):
            channel: Channel[_Task] = Channel(team.scope, command.jobs)
            for _ in range(command.jobs):
                team.start(_work, loading, channel)
            for task in loading.tasks(archive, loads):
                if task.load.collection.capped:
                    # Documents of a capped collection are told apart by their order.
                    loading.carry_out(task)
                else:
                    channel.put(task)
            channel.close()
    return dict(loading.rows)


def _work(loading: _Loading, channel: Channel[_Task]) -> None:
    while (task := channel.get()) is not None:
        loading.carry_out(task)

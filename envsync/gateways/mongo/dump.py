"""Push: collections read raw by several readers, sent on as one archive of mongodump's format."""

import threading
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

import pymongo
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from envsync.commands import Measured
from envsync.commands.mongo import RESERVED, Dump
from envsync.errors import CommandError
from envsync.gateways.mongo.archive import Header, Namespace, prelude
from envsync.gateways.mongo.catalogue import Collection, collections
from envsync.gateways.mongo.channel import Channel
from envsync.gateways.mongo.parsing import count
from envsync.gateways.mongo.reading import Part, batches, parts
from envsync.gateways.mongo.session import Session, connect, told
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.team import Team
from envsync.gateways.uploading import Upload

_SNAPSHOT_LOST = {239, 246}
"""SnapshotTooOld and SnapshotUnavailable."""
_FORGOTTEN = (
    "the server did not keep the snapshot until all was read, so collections were read at "
    "different moments; raise its minSnapshotHistoryWindowInSeconds to have one moment"
)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a reader brings: documents of a part, or None when all of it has been read."""

    part: Part
    raw: bytes | None


@dataclass(slots=True)
class _Counted:
    rows: Counter[str] = field(default_factory=Counter)
    outside: tuple[str, ...] = ()


def dump(command: Dump, scope: Scope) -> Measured:
    """Read, compress and upload; the object is there only if all of it went well.

    Where the server forgets the snapshot before all is read, begins again without one.
    """
    if command.snapshot:
        try:
            return _dumped(command, scope, snapshot=True)
        except CommandError as error:
            if not _lost_its_snapshot(error):
                raise
        scope.check()
        return replace(_dumped(command, scope, snapshot=False), warnings=(_FORGOTTEN,))
    return _dumped(command, scope, snapshot=False)


def _lost_its_snapshot(error: CommandError) -> bool:
    cause = error.__cause__
    return isinstance(cause, OperationFailure) and cause.code in _SNAPSHOT_LOST


def _dumped(command: Dump, scope: Scope, *, snapshot: bool) -> Measured:
    store = open_store(command.location.storage)
    scope.meter.stage("dumping", command.expected_bytes)
    counted = _Counted()
    with (
        connect(command.target.endpoint, scope, secondary=command.secondary) as session,
        store.writer(
            str(command.location.key), store.part_bytes(command.expected_bytes), scope
        ) as writer,
    ):
        upload = Upload(writer, scope, command.location.storage.age.encrypt_to)
        with closing(_blocks(command, session, scope, counted, snapshot=snapshot)) as blocks:
            upload.compress(blocks, command.level, command.threads)
    return Measured(
        bytes=upload.bytes,
        bytes_uncompressed=upload.bytes_uncompressed,
        sha256=upload.sha256,
        rows=dict(sorted(counted.rows.items())),
        outside_snapshot=counted.outside,
    )


def _blocks(
    command: Dump, session: Session, scope: Scope, counted: _Counted, *, snapshot: bool
) -> Generator[bytes, None, None]:
    """Yield the archive."""
    database = command.target.database
    named = command.named or database
    found = [
        each
        for each in collections(session, database)
        if each.name not in command.without_collections and not each.name.startswith(RESERVED)
    ]
    version = session.admin({"buildInfo": 1})["version"]
    yield prelude(
        Header(command.readers, str(version), f"pymongo {pymongo.version}"),
        (each.entry(named) for each in found),
    )
    stored = [each for each in found if each.kind != "view"]
    counted.rows.update({each.name: 0 for each in stored})
    apart = [each.name for each in stored if each.capped or not snapshot]
    still = command.named is not None or (snapshot and len(stored) == 1)
    counted.outside = () if still else tuple(apart)
    namespaces = {each.name: Namespace(named, each.stored_in) for each in found}
    todo = _todo(command, session, stored)
    left = Counter(part.collection.name for part in todo.parts)
    pinned = _pinned(session, database, stored) if snapshot else None
    with _reading(command, session, todo, pinned, scope) as channel:
        while (read := channel.get()) is not None:
            name = read.part.collection.name
            if read.raw is not None:
                counted.rows[name] += count(read.raw)
                yield from namespaces[name].segment(read.raw)
                continue
            left[name] -= 1
            if not left[name]:
                yield namespaces[name].end()
    for each in found:
        if each.kind == "view":
            yield namespaces[each.name].end()


def _todo(command: Dump, session: Session, stored: list[Collection]) -> "_Todo":
    """Return all that is to be read, the largest part first."""
    share = command.expected_bytes // command.readers
    found = (
        part
        for each in stored
        for part in parts(session, command.target.database, each, share, ranges=command.ranges)
    )
    return _Todo(sorted(found, key=lambda part: -part.bytes), command.readers)


@contextmanager
def _reading(
    command: Dump, session: Session, todo: "_Todo", pinned: ClientSession | None, scope: Scope
) -> Iterator[Channel[_Read]]:
    """Have readers work through all parts."""
    with Team(scope, command.readers, "read-collections") as team:
        channel: Channel[_Read] = Channel(team.scope, command.readers)
        for _ in range(command.readers):
            team.start(_work, session, command.target.database, todo, channel, pinned)
        yield channel


class _Todo:
    """Parts that wait for a reader."""

    def __init__(self, waiting: list[Part], readers: int) -> None:
        self.parts = waiting
        self._waiting = deque(waiting)
        self._lock = threading.Lock()
        self._readers = readers

    def take(self) -> Part | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def leave(self) -> bool:
        """Let a reader go; tells whether it was the last."""
        with self._lock:
            self._readers -= 1
            return not self._readers


def _work(
    session: Session,
    database: str,
    todo: _Todo,
    channel: Channel[_Read],
    pinned: ClientSession | None,
) -> None:
    own = session.begin()
    while (part := todo.take()) is not None:
        # A capped collection has no history that a snapshot could be read from.
        reader = own if pinned is None or part.collection.capped else pinned
        for raw in batches(session, database, part, reader):
            channel.put(_Read(part, raw))
        channel.put(_Read(part, None))
    if todo.leave():
        channel.close()


def _pinned(session: Session, database: str, stored: list[Collection]) -> ClientSession | None:
    """Return a session whose reads all see this moment: its first read pins it."""
    pinned = session.begin(snapshot=True)
    for each in stored:
        if not each.capped:
            with told(session.where):
                session.database(database)[each.stored_in].find_one({}, {"_id": 1}, session=pinned)
            return pinned
    return None

"""Restoring a dump straight from its stream: in parallel, in bounded memory, with no temp disk.

Tables are created without the indexes and foreign keys that can wait. Their rows are loaded by
several connections; each table's indexes are built as soon as its rows are in, foreign keys last.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from envsync.commands.mysql import Restore
from envsync.errors import CommandError
from envsync.gateways.mysql.loading import Belt, Loader, Task, loading_session
from envsync.gateways.mysql.objects import Manner, Object, in_order, manner_of, object_of
from envsync.gateways.mysql.schemas import keep_objects
from envsync.gateways.mysql.session import Session
from envsync.gateways.mysql.statements import Statement, statements, without_comments
from envsync.gateways.mysql.tables import Table, taken_apart
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team

PACKET_ROOM = 1024
"""Bytes of a packet that are not the statement's own."""
_SEQUENCE = re.compile(rb"(?:CREATE SEQUENCE|DO SETVAL\s*\()\s*`((?:[^`]|``)+)`")
# What a dump says to a session or a schema that is not the one restored into.
_UNWANTED = re.compile(
    rb"(?:/\*M?!\d*\s*)?(?:SET|DROP|LOCK TABLES|UNLOCK TABLES|COMMIT|ALTER DATABASE|"
    rb"ALTER TABLE \S+ (?:DIS|EN)ABLE KEYS)\b|/\*!50001 CREATE (?:VIEW|TABLE)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Reading:
    """What has been read of the dump so far, for the length of one restore."""

    table: Table | None = None
    foreign_keys: list[bytes] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)
    manner: Manner = field(default_factory=Manner)
    known: set[str] = field(default_factory=set)


def restore(command: Restore, source: Iterator[bytes], scope: Scope) -> dict[str, int]:
    """Restore a dump into an empty schema; returns the rows of each table it loaded.

    Stops at the first error. The source is read to its end, whatever is wanted of it.
    """
    reading = _Reading()
    with (
        Team(scope, command.jobs, "restore") as team,
        loading_session(command, team.scope) as session,
    ):
        ((packet,),) = session.run("SELECT @@max_allowed_packet")
        belt = Belt(team.scope)
        loader = Loader(command, belt, team.scope, int(packet) - PACKET_ROOM)
        workers = [team.start(loader.work) for _ in range(command.jobs)]
        for statement in statements(source):
            team.scope.check()
            _read(statement, reading, session, belt, command)
        _end_table(reading, belt)
        belt.finish()
        scope.meter.stage("building indexes", None)
    loaded: Counter[str] = Counter(dict.fromkeys(sorted(reading.known), 0))
    for worker in workers:
        loaded.update(worker.result())
    with loading_session(command, scope) as session:
        for foreign_key in reading.foreign_keys:
            session.send(foreign_key)
        keep_objects(session, command.target.database, in_order(reading.objects))
    return dict(loaded)


def _read(
    statement: Statement, reading: _Reading, session: Session, belt: Belt, command: Restore
) -> None:
    """Do what one statement of the dump says, or have it done."""
    text = statement.text
    if statement.rows is not None:
        if statement.rows not in command.without and statement.rows not in command.without_rows:
            belt.put(Task(statement.rows, text, rows=True))
    elif table := taken_apart(text):
        _end_table(reading, belt)
        if table.name not in command.without:
            _create(table, reading, session)
    elif sequence := _SEQUENCE.match(text):
        if sequence[1].replace(b"``", b"`").decode() not in command.without:
            session.send(text)
    elif found := object_of(text, reading.manner):
        reading.objects.append(found.at_home(command.location.key.database))
    elif _UNWANTED.match(without_comments(text).lstrip()):
        reading.manner = manner_of(text, reading.manner)
    else:
        begin = text[:40].decode(errors="replace")
        raise CommandError(
            f"line {statement.line} of the dump is none that dumps have: {begin!r}…; was it "
            "written by another program than mariadb-dump or mysqldump?"
        )


def _create(table: Table, reading: _Reading, session: Session) -> None:
    session.send(table.create)
    reading.table = table
    reading.known.add(table.name)
    if (foreign_keys := table.add_foreign_keys()) is not None:
        reading.foreign_keys.append(foreign_keys)


def _end_table(reading: _Reading, belt: Belt) -> None:
    if reading.table is not None:
        belt.end(reading.table.name, reading.table.add_indexes())
    reading.table = None

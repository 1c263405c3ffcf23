"""What can be seen on a MySQL or MariaDB server before anything is touched."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql

from envsync.facts.mysql import PullFacts, PushFacts, Schema, Server, SwapFacts
from envsync.gateways.manifests import look_up, newest
from envsync.gateways.mysql.accounts import readers, watchers
from envsync.gateways.mysql.clients import installed
from envsync.gateways.mysql.schemas import provenance
from envsync.gateways.mysql.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.places import Endpoint
from envsync.questions.mysql import ObservePull, ObservePush, ObserveSwap

_SERVER = """
SELECT VERSION(), @@read_only, CURRENT_USER(), @@lower_case_table_names, @@max_allowed_packet,
       @@datadir
"""
_COLLATIONS = "SELECT COLLATION_NAME FROM information_schema.COLLATIONS"
_FULL_COLLATIONS = """
SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY
"""
_REPLICA = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")
_RUNNING = {"Slave_IO_Running", "Slave_SQL_Running", "Replica_IO_Running", "Replica_SQL_Running"}
_SCHEMA = """
SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
  FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s
"""
_SIZE = """
SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0), COUNT(*)
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_TYPE <> 'VIEW'
"""
_USED = """
SELECT TABLE_COLLATION FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = %s AND TABLE_COLLATION IS NOT NULL
 UNION
SELECT COLLATION_NAME FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = %s AND COLLATION_NAME IS NOT NULL
"""
_WITHOUT_TRANSACTIONS = """
SELECT TABLE_NAME FROM information_schema.TABLES t JOIN information_schema.ENGINES e USING (ENGINE)
 WHERE TABLE_SCHEMA = %s AND TABLE_TYPE <> 'VIEW' AND COALESCE(e.TRANSACTIONS, 'NO') = 'NO'
 ORDER BY 1
"""
_NAMES = """
SELECT TABLE_NAME FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = %s AND (TABLE_TYPE IN ('VIEW', 'SEQUENCE')) = %s
"""
_ALL_BYTES = "SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES"
# Foreign keys that would follow the live tables into the previous schema.
_POINTING = """
SELECT DISTINCT CONCAT(CONSTRAINT_SCHEMA, '.', TABLE_NAME)
  FROM information_schema.REFERENTIAL_CONSTRAINTS
 WHERE UNIQUE_CONSTRAINT_SCHEMA = %s AND CONSTRAINT_SCHEMA NOT IN (%s, %s, %s, %s)
"""


def observe_push(question: ObservePush, scope: Scope) -> PushFacts:
    """Look at a source and at the storage of its artefacts."""
    store = open_store(question.storage)
    store.verify_writable(question.path)
    with connect(question.source, scope, schema=False) as session:
        server = _server(session)
        source = _with_names(session, _schema(session, question.source.database))
    last, manifest = newest(store, question.path, question.source.database)
    return PushFacts(
        installed(question.clients),
        server,
        source,
        newest_bytes=last,
        newest=manifest,
        storage_free=store.free_bytes(),
    )


def observe_pull(question: ObservePull, scope: Scope) -> PullFacts:
    """Look at a target, and at the artefact it is to get."""
    manifest = look_up(question.wanted)
    names = question.schemas
    with connect(question.target, scope, schema=False) as session:
        all_names = (names.live, names.incoming, names.previous, names.discarded)
        return PullFacts(
            manifest,
            _server(session, question.target.endpoint, question.disk_bytes),
            _schema(session, names.live),
            _schema(session, names.previous),
            readers(session, names.incoming),
            tuple(str(name) for (name,) in session.run(_POINTING, (names.live, *all_names))),
            installed(question.clients) if question.wanted.cleans else (),
            watchers(session),
        )


def observe_swap(question: ObserveSwap, scope: Scope) -> SwapFacts:
    """Look at a live schema and its previous one."""
    with connect(question.target, scope, schema=False) as session:
        live = _schema(session, question.target.database)
        previous = _schema(session, question.previous)
    return SwapFacts(previous.provenance if previous else None, live, previous)


def _server(
    session: Session, endpoint: Endpoint | None = None, disk_bytes: int | None = None
) -> Server:
    ((version, read_only, user, lower_case, packet, folder),) = session.run(_SERVER)
    names = {name for (name,) in session.run(_COLLATIONS)}
    with suppress(pymysql.Error):
        names |= {name for (name,) in session.run(_FULL_COLLATIONS)}
    return Server(
        version=version,
        replica=_replica(session, read_only=bool(read_only)),
        user=user,
        lower_case_table_names=int(lower_case),
        max_allowed_packet=int(packet),
        collations=frozenset(name for name in names if name),
        free_bytes=_free_bytes(session, endpoint, disk_bytes, folder) if endpoint else None,
    )


def _replica(session: Session, *, read_only: bool) -> str:
    """Say why a server is a replica; one whose state may not be seen is known by read_only."""
    if read_only:
        return "the server is read_only"
    for statement in _REPLICA:
        with suppress(pymysql.Error):
            with session.cursor() as cursor:
                cursor.execute(statement)
                columns = [str(column[0]) for column in cursor.description or ()]
                rows: list[tuple[Any, ...]] = list(cursor.fetchall())
            running = (dict(zip(columns, row, strict=True)) for row in rows)
            if any(row.get(name) == "Yes" for row in running for name in _RUNNING):
                return "the server is a replica"
            return ""
    return ""


def _free_bytes(
    session: Session, endpoint: Endpoint, disk_bytes: int | None, folder: str
) -> int | None:
    """Return the room on a server's disk: what the inventory says it has, less what is there."""
    if disk_bytes is not None:
        ((used,),) = session.run(_ALL_BYTES)
        return max(0, disk_bytes - int(used))
    if not (endpoint.host.startswith("/") or endpoint.host in {"localhost", "127.0.0.1", "::1"}):
        return None
    try:
        if not (Path(folder) / "ibdata1").exists():
            return None
        room = os.statvfs(folder)
    except OSError:
        return None
    return room.f_bavail * room.f_frsize


def _schema(session: Session, name: str) -> Schema | None:
    found = session.run(_SCHEMA, (name,))
    if not found:
        return None
    _, character_set, collation = found[0]
    ((size, tables),) = session.run(_SIZE, (name,))
    used = {str(each) for (each,) in session.run(_USED, (name, name))}
    return Schema(
        name=name,
        bytes=int(size),
        character_set=character_set,
        collation=collation,
        tables=int(tables),
        collations=tuple(sorted(used | {collation})),
        without_transactions=tuple(n for (n,) in session.run(_WITHOUT_TRANSACTIONS, (name,))),
        provenance=provenance(session, name),
    )


def _with_names(session: Session, schema: Schema | None) -> Schema | None:
    """Add what a push could be told to leave out."""
    if schema is None:
        return None
    with_rows, others = (session.run(_NAMES, (schema.name, told)) for told in (False, True))
    return replace(
        schema,
        with_rows=tuple(str(name) for (name,) in with_rows),
        others=tuple(str(name) for (name,) in others),
    )

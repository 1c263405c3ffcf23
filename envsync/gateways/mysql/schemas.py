"""Schemas: claimed, created, dropped, analysed; and what envsync keeps of them on their server."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pymysql

from envsync.commands import Target
from envsync.commands.mysql import OWN_SCHEMA, Analyse, Claim, CreateSchema, DropSchema
from envsync.commands.mysql_text import quoted
from envsync.gateways.claims import CLAIM_PATIENCE, lost, taken
from envsync.gateways.mysql.objects import Manner, Object
from envsync.gateways.mysql.session import Session, connect, said
from envsync.gateways.scope import Scope
from envsync.provenance import Provenance

_OWN = quoted(OWN_SCHEMA)
_SCHEMA = f"CREATE DATABASE IF NOT EXISTS {_OWN} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
_OBJECTS = """(
  schema_name VARCHAR(64), number INT, kind VARCHAR(16) NOT NULL, name VARCHAR(64) NOT NULL,
  statement LONGBLOB NOT NULL, sql_mode VARCHAR(1024) NOT NULL, character_set VARCHAR(64) NOT NULL,
  collation_name VARCHAR(64) NOT NULL, time_zone VARCHAR(64) NOT NULL,
  PRIMARY KEY (schema_name, number)) ENGINE=InnoDB
"""
_PROVENANCE = """(
  schema_name VARCHAR(64) PRIMARY KEY, provenance VARCHAR(1024) NOT NULL) ENGINE=InnoDB
"""
_UNDER_WAY = """(
  live VARCHAR(64) PRIMARY KEY, coming VARCHAR(64) NOT NULL) ENGINE=InnoDB
"""
_TABLES = {"objects": _OBJECTS, "provenance": _PROVENANCE, "under_way": _UNDER_WAY}
_REAL_TABLES = """
SELECT TABLE_NAME FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = %s AND TABLE_TYPE <> 'VIEW' ORDER BY TABLE_NAME
"""
_ANALYSED_AT_ONCE = 100
_NO_SUCH = "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"


@contextmanager
def claim(command: Claim, scope: Scope) -> Iterator[Session]:
    """Hold a lock on a schema's name, for as long as the session lives that is yielded.

    Raises BusyError while a pull on another machine holds it.
    """
    # Names of locks have at most 64 characters (MySQL manual, Locking Functions).
    name = "envsync." + hashlib.sha256(command.database.encode()).hexdigest()[:40]
    with connect(Target(command.endpoint, ""), scope, schema=False) as session:
        session.run("SET SESSION wait_timeout = 2147483")
        ((held,),) = session.run("SELECT GET_LOCK(%s, %s)", (name, CLAIM_PATIENCE))
        if held != 1:
            raise taken(command.database, command.endpoint)
        yield session


def verify_claim(claim: Session, scope: Scope) -> None:
    """Raise CommandError where the session that holds the claim is gone, and the claim with it."""
    try:
        claim.run("SELECT 1")
    except pymysql.Error as error:
        scope.check()
        raise lost(said(error)) from None


def create_schema(command: CreateSchema, scope: Scope) -> None:
    """Create an empty schema, and the one in which envsync keeps what it must know of it."""
    with connect(command.target, scope, schema=False) as session:
        prepare(session)
        session.run(
            f"CREATE DATABASE {quoted(command.target.database)} "
            f"CHARACTER SET {command.character_set} COLLATE {command.collation}"
        )


def prepare(session: Session) -> None:
    """Create the schema in which envsync keeps what it must know of others, where it is not."""
    session.run(_SCHEMA)
    for table, columns in _TABLES.items():
        session.run(f"CREATE TABLE IF NOT EXISTS {_OWN}.{table} {columns}")


def drop_schema(command: DropSchema, scope: Scope) -> None:
    """Drop a schema if it exists, with all that is kept of it."""
    name = command.target.database
    with connect(command.target, scope, schema=False) as session:
        drop(session, name)


def drop(session: Session, name: str) -> None:
    """Drop a schema if it exists, with all that is kept of it.

    Also where foreign keys of others point into it: somebody's table may follow one that was live.
    """
    session.run("SET SESSION foreign_key_checks = 0")
    session.run(f"DROP DATABASE IF EXISTS {quoted(name)}")
    session.run("SET SESSION foreign_key_checks = 1")
    if knows(session, "objects"):
        session.run(f"DELETE FROM {_OWN}.objects WHERE schema_name = %s", (name,))
        session.run(f"DELETE FROM {_OWN}.provenance WHERE schema_name = %s", (name,))


def analyse(command: Analyse, scope: Scope) -> None:
    """Gather statistics of every table; here alone, replicas gather their own."""
    with connect(command.target, scope) as session:
        names = tables(session, command.target.database)
        for first in range(0, len(names), _ANALYSED_AT_ONCE):
            some = ", ".join(map(quoted, names[first : first + _ANALYSED_AT_ONCE]))
            session.run(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {some}")


def tables(session: Session, schema: str) -> list[str]:
    """Return the tables of a schema, whatever kind they are; not its views."""
    return [name for (name,) in session.run(_REAL_TABLES, (schema,))]


def knows(session: Session, table: str) -> bool:
    """Tell whether a table of envsync's own schema is there."""
    return bool(session.run(_NO_SUCH, (OWN_SCHEMA, table)))


def keep_objects(session: Session, schema: str, objects: Iterable[Object]) -> None:
    """Keep a schema's objects as text, in the place of those kept before."""
    session.run(f"DELETE FROM {_OWN}.objects WHERE schema_name = %s", (schema,))
    for number, each in enumerate(objects):
        manner = each.manner
        session.run(
            f"INSERT INTO {_OWN}.objects VALUES (%s, %s, %s, %s, _binary %s, %s, %s, %s, %s)",
            (
                *(schema, number, each.kind, each.name, each.statement),
                *(manner.sql_mode, manner.character_set, manner.collation, manner.time_zone),
            ),
        )


def kept_objects(session: Session, schema: str) -> list[Object]:
    """Return the objects kept of a schema."""
    found = session.run(
        "SELECT kind, name, statement, sql_mode, character_set, collation_name, time_zone "
        f"FROM {_OWN}.objects WHERE schema_name = %s ORDER BY number",
        (schema,),
    )
    return [Object(kind, name, text, Manner(*manner)) for kind, name, text, *manner in found]


def provenance(session: Session, schema: str) -> Provenance | None:
    """Return where a schema's data came from; None where nobody knows."""
    if not knows(session, "provenance"):
        return None
    found = session.run(
        f"SELECT provenance FROM {_OWN}.provenance WHERE schema_name = %s", (schema,)
    )
    return Provenance.parse(found[0][0]) if found else None


def write_provenance(session: Session, schema: str, provenance: Provenance | None) -> None:
    """Write down where a schema's data came from."""
    session.run(f"DELETE FROM {_OWN}.provenance WHERE schema_name = %s", (schema,))
    if provenance:
        session.run(f"INSERT INTO {_OWN}.provenance VALUES (%s, %s)", (schema, str(provenance)))

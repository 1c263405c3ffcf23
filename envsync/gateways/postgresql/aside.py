"""What a restore puts off until its copy is sanitised: row security and autovacuum.

Row security would hide rows from the script and the checks, where it is forced on owners too.
Autovacuum would sample rows that are not sanitised yet, and no ANALYZE ever clears the samples of
a table that the script empties (PostgreSQL, analyze.c): pg_stats would show them.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from envsync.commands.postgresql import PutBack
from envsync.gateways.postgresql.session import Session, connect
from envsync.gateways.scope import Scope

_TABLES = """
SELECT n.nspname::text, c.relname::text,
       (SELECT option_value FROM pg_options_to_table(c.reloptions)
         WHERE option_name = 'autovacuum_enabled')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND pg_has_role(c.relowner, 'USAGE')
"""


@dataclass(frozen=True, slots=True)
class Aside:
    """What was put off: tables with their own setting of autovacuum, statements to run later."""

    autovacuum: tuple[tuple[str, str, str | None], ...] = ()
    row_security: tuple[bytes, ...] = ()


def autovacuum_off(session: Session) -> tuple[tuple[str, str, str | None], ...]:
    """Keep autovacuum from every table; returns their names and what they said of it before."""
    tables = tuple(session.execute(_TABLES).fetchall())
    _set(session, [(schema, table, "off") for schema, table, _ in tables])
    return tables


def put_back(command: PutBack, aside: Aside, scope: Scope) -> None:
    """Put in force what was put off; what the script has dropped meanwhile stays dropped."""
    with connect(command.target, scope) as session:
        if command.role:
            session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(command.role)))
        there = {(schema, table) for schema, table, _ in session.execute(_TABLES).fetchall()}
        _set(session, [each for each in aside.autovacuum if each[:2] in there])
        for statement in aside.row_security:
            try:
                session.execute(statement)
            except psycopg.errors.UndefinedTable:
                continue


def _set(session: Session, tables: list[tuple[str, str, str | None]]) -> None:
    with session.transaction(), session.cursor() as cursor:
        for schema, table, setting in tables:
            how = (
                sql.SQL("RESET (autovacuum_enabled)")
                if setting is None
                else sql.SQL("SET (autovacuum_enabled = {})").format(sql.Literal(setting))
            )
            name = sql.Identifier(schema, table)
            cursor.execute(sql.SQL("ALTER TABLE {} {}").format(name, how))

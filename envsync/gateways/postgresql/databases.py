"""Single statements on PostgreSQL: claims, drops and statistics."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from envsync.commands import Target
from envsync.commands.postgresql import Analyse, Claim, DropDatabase, Sql
from envsync.commands.postgresql_text import Name
from envsync.errors import BusyError, CommandError
from envsync.gateways.claims import CLAIM_PATIENCE, lost, taken
from envsync.gateways.postgresql.session import Session, connect, first_line
from envsync.gateways.scope import Scope
from envsync.places import Endpoint

_LARGE_TABLES = """
SELECT n.nspname::text, c.relname::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.oid >= 16384 AND pg_table_size(c.oid) >= 2^20
 ORDER BY pg_table_size(c.oid) DESC
"""


_TABLES_BY_SIZE = """
SELECT n.nspname::text, c.relname::text, coalesce(s.n_tup_upd + s.n_tup_del, 0) > 0
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
 WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY pg_relation_size(c.oid) DESC
"""


def run_sql(command: Sql, scope: Scope) -> None:
    """Run one statement and commit it."""
    arguments = (
        sql.Identifier(a.text) if isinstance(a, Name) else sql.Literal(a.text)
        for a in command.arguments
    )
    with connect(command.target, scope) as connection:
        connection.execute(sql.SQL(command.text).format(*arguments))


@contextmanager
def claim(command: Claim, scope: Scope) -> Iterator[Session]:
    """Hold a lock on a database's name, for as long as the session lives that is yielded.

    Raises BusyError while a pull on another machine holds it.
    """
    with connect(_maintenance(command.endpoint), scope) as session:
        for attempt in Retrying(
            retry=retry_if_exception_type(BusyError),
            stop=stop_after_delay(CLAIM_PATIENCE),
            wait=wait_fixed(0.1),
            reraise=True,
        ):
            with attempt:
                scope.check()
                _take(session, command)
        yield session


def _take(session: Session, command: Claim) -> None:
    query = "SELECT pg_try_advisory_lock(hashtext('envsync'), hashtext(%s))"
    row = session.execute(query, (command.database,)).fetchone()
    if not (row and row[0]):
        raise taken(command.database, command.endpoint)


def verify_claim(claim: Session, scope: Scope) -> None:
    """Raise CommandError where the session that holds the claim is gone, and the claim with it."""
    try:
        claim.execute("SELECT")
    except psycopg.Error as error:
        scope.check()
        raise lost(first_line(error)) from error


def drop_database(command: DropDatabase, scope: Scope) -> None:
    """Drop a database if it exists, ending the sessions in it, also on a disk that is full."""
    with connect(_maintenance(command.endpoint), scope) as connection:
        query = "SELECT FROM pg_database WHERE datname = %s"
        if connection.execute(query, (command.database,)).fetchone() is None:
            return
        name = sql.Identifier(command.database)
        connection.execute(
            "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a "
            "JOIN pg_roles r ON r.oid = a.usesysid JOIN pg_roles me ON me.rolname = current_user "
            "WHERE a.datname = %s AND (me.rolsuper OR NOT r.rolsuper AND "
            "(pg_has_role(me.oid, r.oid, 'USAGE') "
            "OR pg_has_role(me.oid, 'pg_signal_backend', 'USAGE')))",
            (command.database,),
        )
        with suppress(CommandError):
            _drop_large_tables(Target(command.endpoint, command.database), scope)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))


def _drop_large_tables(target: Target, scope: Scope) -> None:
    """Give back the disk that a database takes, as far as this role may.

    DROP DATABASE begins with a checkpoint: on a full disk it fails, and the disk stays full.
    """
    with connect(target, scope) as connection:
        for name in connection.execute(_LARGE_TABLES).fetchall():
            table = sql.Identifier(*name)
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(table))


def analyse(command: Analyse, scope: Scope) -> None:
    """Gather statistics of every table, largest first; vacuum those that lost or changed rows.

    Vacuuming takes what was sanitised away out of the tables' pages as well.
    """
    with connect(command.target, scope) as connection:
        tables = connection.execute(_TABLES_BY_SIZE).fetchall()
    with ThreadPoolExecutor(command.jobs, thread_name_prefix="analyse") as pool:
        list(pool.map(lambda table: _analyse(command.target, scope, *table), tables))


def _analyse(target: Target, scope: Scope, schema: str, table: str, rewritten: bool) -> None:  # noqa: FBT001
    statement = "VACUUM (ANALYZE) {}" if rewritten else "ANALYZE {}"
    with connect(target, scope) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(schema, table)))


def _maintenance(endpoint: Endpoint) -> Target:
    return Target(endpoint, endpoint.maintenance)

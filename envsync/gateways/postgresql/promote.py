"""Promote and roll back: renames in one transaction, while no session can get in between.

Renaming a database takes its lock and then waits for the sessions in it to end; whoever connects
meanwhile waits for the lock (PostgreSQL, RenameDatabase and CountOtherDBBackends). So connections
are forbidden by the transaction itself: a process that dies leaves nothing locked, and no flag
that somebody would have to reset. The server ends the transaction of one that is not heard of any
more. No session is ended while one is there that must not be.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import psycopg
from psycopg import sql
from tenacity import Retrying, retry, retry_if_exception_type, stop_after_delay, wait_fixed

from envsync.commands import Measured, Target
from envsync.commands.postgresql import DropDatabase
from envsync.commands.postgresql_promote import Promote, SwapBack
from envsync.errors import CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.postgresql.databases import drop_database
from envsync.gateways.postgresql.session import Session, connect, first_line
from envsync.gateways.scope import Scope
from envsync.places import Endpoint

PATIENCE = 30.0
"""Seconds in which a session that must not be ended is given the chance to go by itself."""
ATTEMPT = "800ms"
"""How long one attempt may keep clients waiting."""
SILENCE = "10s"
"""How long a process that is suspended or cut off amid an attempt may keep them waiting."""
BETWEEN_ATTEMPTS = 1.0
BETWEEN_ROUNDS = 0.02
"""Seconds between two attempts, and between two rounds of ending sessions."""

Rename = tuple[str, str]

# A role may end the sessions of the roles it has the privileges of, or, as pg_signal_backend,
# those of all but superusers (PostgreSQL manual, Server Signaling Functions).
_SESSIONS = """
SELECT a.datname::text, a.pid, a.usename::text, coalesce(a.application_name, ''),
       me.rolsuper OR (NOT r.rolsuper AND (pg_has_role(me.oid, r.oid, 'USAGE')
                       OR pg_has_role(me.oid, 'pg_signal_backend', 'USAGE'))) AS may_be_ended
  FROM pg_stat_activity a
  JOIN pg_roles r ON r.oid = a.usesysid
  JOIN pg_roles me ON me.rolname = current_user
 WHERE a.datname = ANY(%s) AND a.pid <> pg_backend_pid()
"""
_OID = "SELECT oid FROM pg_database WHERE datname = %s"
_NAME = "SELECT datname::text FROM pg_database WHERE oid = %s"
_BOUNDS = """
SELECT set_config(name, CASE name WHEN 'statement_timeout' THEN %s ELSE %s END, true)
  FROM pg_settings WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout')
"""
_END = "SELECT pg_terminate_backend(%s)"
_END_OWN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND usename = current_user
"""


class _OccupiedError(CommandError):
    """A session that must not be ended is in the database."""


def promote(command: Promote, claim: Session, scope: Scope) -> Measured:
    """Put the incoming database in the live one's place, all or nothing.

    In the session that holds the claim: once that is lost, whose copy is incoming is not known.
    Where the live database or the previous one has been dropped meanwhile, there is less to rename.
    """
    incoming = command.renames[-1][0]

    def renames() -> list[Rename]:
        there = {incoming, *_existing(claim, [old for old, _ in command.renames])}
        return [(old, new) for old, new in command.renames if old in there]

    exchange = _Exchange(command.endpoint, incoming, renames, partial(_hand_over, command, claim))
    _carry_out(exchange, claim, scope)
    warnings = _dropped(DropDatabase(command.endpoint, command.discarded), scope)
    return Measured(data_of=command.provenance.stamp, warnings=warnings)


def swap_back(command: SwapBack, scope: Scope) -> None:
    """Exchange live and previous; where there is no live one, previous simply becomes it."""
    with _maintenance(command.endpoint, scope) as connection:

        def renames() -> list[Rename]:
            whole = [
                (command.live, command.discarded),
                (command.previous, command.live),
                (command.discarded, command.previous),
            ]
            return whole if _existing(connection, (command.live,)) else whole[1:2]

        exchange = _Exchange(command.endpoint, command.previous, renames, lambda: None)
        _carry_out(exchange, connection, scope)


def _maintenance(endpoint: Endpoint, scope: Scope) -> AbstractContextManager[Session]:
    return connect(Target(endpoint, endpoint.maintenance), scope)


def _existing(connection: Session, names: Sequence[str]) -> set[str]:
    query = "SELECT datname::text FROM pg_database WHERE datname = ANY(%s)"
    return {name for (name,) in connection.execute(query, (list(names),))}


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Databases that change their names: which is `coming`, what is renamed, what goes with it."""

    endpoint: Endpoint
    coming: str
    renames: Callable[[], Sequence[Rename]]
    finish: Callable[[], None]


def _carry_out(exchange: _Exchange, connection: Session, scope: Scope) -> None:
    """Rename; where the answer to the commit never came, find out whether it took place."""
    pid, oid = connection.info.backend_pid, None
    try:
        with _told(exchange):
            oid = connection.execute(_OID, (exchange.coming,)).fetchone()
            _insist(exchange, connection, scope)
    except (CommandError, InterruptedStepError):
        if not (connection.broken and oid and _went_through(exchange, pid, oid[0])):
            raise


@contextmanager
def _told(exchange: _Exchange) -> Iterator[None]:
    """Tell psycopg's errors as what came of the exchange."""
    try:
        yield
    except psycopg.Error as error:
        raise CommandError(
            f"cannot put {exchange.coming!r} in its place on {exchange.endpoint}: "
            f"{first_line(error)}; what was live still is"
        ) from error


@retry(
    retry=retry_if_exception_type(UnavailableError),
    stop=stop_after_delay(PATIENCE),
    wait=wait_fixed(BETWEEN_ATTEMPTS),
    reraise=True,
)
def _went_through(exchange: _Exchange, pid: int, oid: int) -> bool:
    """Tell whether the database that was coming bears another name than it did.

    What others do with the old names says nothing. Once its session has ended, that is: a server
    may come to a commit after its client has gone.
    """
    with _maintenance(exchange.endpoint, Scope()) as connection:
        given_up = time.monotonic() + PATIENCE
        while connection.execute(_END_OWN, (pid,)).fetchall() and time.monotonic() < given_up:
            time.sleep(BETWEEN_ROUNDS)
        name = connection.execute(_NAME, (oid,)).fetchone()
        return name is not None and name[0] != exchange.coming


def _insist(exchange: _Exchange, connection: Session, scope: Scope) -> None:
    """Rename in one transaction; tried again while somebody who must not be ended holds on."""
    busy = (_OccupiedError, psycopg.errors.ObjectInUse, psycopg.errors.QueryCanceled)
    for attempt in Retrying(
        retry=retry_if_exception_type(busy),
        stop=stop_after_delay(PATIENCE),
        wait=wait_fixed(BETWEEN_ATTEMPTS),
        reraise=True,
    ):
        with attempt:
            scope.check()
            names = [old for old, _ in exchange.renames()]
            _refuse_occupied(connection, names)
            with _ending_sessions(exchange.endpoint, names, scope), connection.transaction():
                connection.execute(_BOUNDS, (ATTEMPT, SILENCE))
                for old, new in exchange.renames():
                    _rename(connection, old, new)
                exchange.finish()


def _rename(connection: Session, old: str, new: str) -> None:
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
    )


def _refuse_occupied(connection: Session, names: list[str]) -> None:
    sessions = connection.execute(_SESSIONS, (names,)).fetchall()
    staying = [
        f"{user} in {database!r} (pid {pid} {name})"
        for database, pid, user, name, may_be_ended in sessions
        if not may_be_ended
    ]
    if staying:
        raise _OccupiedError(
            f"sessions that this role may not end stay: {', '.join(staying)}; what was live still "
            "is; end them, or grant pg_signal_backend to the role of envsync"
        )


@contextmanager
def _ending_sessions(endpoint: Endpoint, names: list[str], scope: Scope) -> Iterator[None]:
    """End the sessions in some databases, again and again, from a connection of its own.

    Which is no context here: it would tell errors of the one that renames as its own.
    """
    done = threading.Event()
    connection = connect(Target(endpoint, endpoint.maintenance), scope)
    ending = threading.Thread(target=_end_until, args=(done, connection, names), daemon=True)
    try:
        ending.start()
        yield
    finally:
        done.set()
        ending.join()
        connection.close()


def _end_until(done: threading.Event, connection: Session, names: list[str]) -> None:
    """End sessions; where the connection is lost, whoever renames is told, or tries again."""
    with suppress(psycopg.Error):
        while not done.is_set():
            for _, pid, _, _, may_be_ended in connection.execute(_SESSIONS, (names,)).fetchall():
                if may_be_ended:
                    connection.execute(_END, (pid,))
            done.wait(BETWEEN_ROUNDS)


def _hand_over(command: Promote, connection: Session) -> None:
    """Give the new live database its owner, its visitors, and the record of where it came from."""
    live = sql.Identifier(command.live)
    if command.owner:
        owner = sql.Identifier(command.owner)
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(live, owner))
    for privilege, grantee in command.connect:
        connection.execute(
            sql.SQL("GRANT {} ON DATABASE {} TO {}").format(
                sql.SQL(privilege), live, sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
            )
        )
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(live, sql.Literal(str(command.provenance)))
    )


def _dropped(command: DropDatabase, scope: Scope) -> tuple[str, ...]:
    """Drop what nobody needs any more; what remains is a warning, the new data is live."""
    try:
        drop_database(command, scope)
    except (CommandError, InterruptedStepError) as error:
        return (f"{command.database!r} could not be dropped: {error}",)
    return ()

"""Promote and roll back: renames in one transaction, while no session can get in between.

Renaming a database takes its lock and then waits for the sessions in it to end; whoever connects
meanwhile waits for the lock (PostgreSQL, RenameDatabase and CountOtherDBBackends). So connections
are forbidden by the transaction itself: a process that dies leaves nothing locked, and no flag
that somebody would have to reset. No session is ended while one is there that must not be.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
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
_END = "SELECT pg_terminate_backend(%s)"
_IDENTITY = "SELECT oid::text FROM pg_database WHERE datname = %s"
_END_OWN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND usename = current_user
"""


class _OccupiedError(CommandError):
    """A session that must not be ended is in the database."""


def promote(command: Promote, claim: Session, scope: Scope) -> Measured:
    """Put the incoming database in the live one's place, all or nothing.

    In the session that holds the claim: once that is lost, whose copy is incoming is not known.
    """
    finish, session = partial(_hand_over, command, claim), claim.info.backend_pid
    try:
        _exchange(claim, command.endpoint, command.renames, scope, finish)
    except (CommandError, InterruptedStepError):
        if not claim.broken or not _went_through(command, session):
            raise
    warnings = _dropped(DropDatabase(command.endpoint, command.discarded), scope)
    return Measured(data_of=command.provenance.stamp, warnings=warnings)


_insisting = retry(
    retry=retry_if_exception_type(UnavailableError),
    stop=stop_after_delay(PATIENCE),
    wait=wait_fixed(BETWEEN_ATTEMPTS),
    reraise=True,
)
"""Asks a server again that cannot be reached for a moment."""


@_insisting
def _went_through(command: Promote, session: int) -> bool:
    """Tell whether a commit whose answer never came took place: its names say so."""
    with _maintenance(command.endpoint, Scope()) as connection:
        _end(connection, session)
        incoming, live = command.renames[-1]
        return _existing(connection, (incoming, live)) == {live}


def swap_back(command: SwapBack, scope: Scope) -> None:
    """Exchange live and previous; where there is no live one, previous simply becomes it."""
    with _maintenance(command.endpoint, scope) as connection:
        exchange = [
            (command.live, command.discarded),
            (command.previous, command.live),
            (command.discarded, command.previous),
        ]
        renames = exchange if _existing(connection, (command.live,)) else exchange[1:2]
        session, previous = connection.info.backend_pid, _identity(connection, command.previous)
        try:
            _exchange(connection, command.endpoint, renames, scope, lambda: None)
        except (CommandError, InterruptedStepError):
            if not connection.broken or not _is_live(command, session, previous):
                raise


@_insisting
def _is_live(command: SwapBack, session: int, previous: object) -> bool:
    """Tell whether the previous database became the live one, though no answer ever came."""
    with _maintenance(command.endpoint, Scope()) as connection:
        _end(connection, session)
        return _identity(connection, command.live) == previous


def _end(connection: Session, session: int) -> None:
    """End a session of our own that was lost: a server may come to its commit after that."""
    given_up = time.monotonic() + PATIENCE
    while connection.execute(_END_OWN, (session,)).fetchall() and time.monotonic() < given_up:
        time.sleep(BETWEEN_ROUNDS)


def _identity(connection: Session, database: str) -> object:
    """Return what stays the same of a database that is renamed."""
    return connection.execute(_IDENTITY, (database,)).fetchone()


def _maintenance(endpoint: Endpoint, scope: Scope) -> AbstractContextManager[Session]:
    return connect(Target(endpoint, endpoint.maintenance), scope)


def _existing(connection: Session, names: Sequence[str]) -> set[str]:
    query = "SELECT datname::text FROM pg_database WHERE datname = ANY(%s)"
    return {name for (name,) in connection.execute(query, (list(names),))}


def _exchange(
    connection: Session,
    endpoint: Endpoint,
    renames: Sequence[Rename],
    scope: Scope,
    finish: Callable[[], None],
) -> None:
    """Rename in one transaction; tried again while somebody who must not be ended holds on."""
    names = [old for old, _ in renames]
    busy = (_OccupiedError, psycopg.errors.ObjectInUse, psycopg.errors.QueryCanceled)
    try:
        for attempt in Retrying(
            retry=retry_if_exception_type(busy),
            stop=stop_after_delay(PATIENCE),
            wait=wait_fixed(BETWEEN_ATTEMPTS),
            reraise=True,
        ):
            with attempt:
                scope.check()
                _refuse_occupied(connection, names)
                with _ending_sessions(endpoint, names, scope), connection.transaction():
                    connection.execute(f"SET LOCAL statement_timeout = '{ATTEMPT}'".encode())
                    for old, new in renames:
                        _rename(connection, old, new)
                    finish()
    except psycopg.Error as error:
        raise CommandError(
            f"cannot put {renames[-1][0]!r} in its place on {endpoint}: {first_line(error)}; "
            "what was live still is"
        ) from error


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
    """End the sessions in some databases, again and again, from a connection of its own."""
    done = threading.Event()
    with _maintenance(endpoint, scope) as connection:
        ending = threading.Thread(target=_end_until, args=(done, connection, names), daemon=True)
        ending.start()
        try:
            yield
        finally:
            done.set()
            ending.join()


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

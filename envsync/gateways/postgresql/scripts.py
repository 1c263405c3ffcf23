"""Sanitisation scripts and checks, run in the quarantine as psql would, but all or nothing."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import generators, sql
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from envsync.artefacts import ScriptUsed
from envsync.commands import Measured, Script, Target
from envsync.commands.postgresql import RunChecks, RunScript
from envsync.errors import CommandError, RefusedError
from envsync.gateways.postgresql.session import Session, connect, first_line, is_lost, told
from envsync.gateways.scope import Scope


def run_script(command: RunScript, scope: Scope) -> Measured:
    """Run a script in one transaction; raises CommandError at its first failing statement."""
    text = _read(command.script)
    with transaction(command.target, command.role, scope) as connection:
        before = _transaction_id(connection)
        try:
            connection.execute(text.encode())
        except psycopg.Error as error:
            raise _failure(command, text, error) from error
        if _transaction_id(connection) != before:
            raise CommandError(
                f"{command.script.name} ends its own transaction; take BEGIN, COMMIT and ROLLBACK "
                "out of it, envsync runs it in one transaction"
            )
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Measured(scripts=(ScriptUsed(name=command.script.name, sha256=digest),))


def run_checks(command: RunChecks, scope: Scope) -> None:
    """Run every query of a script; raises CommandError at the first that returns a row."""
    text = _read(command.script)
    with transaction(command.target, command.role, scope) as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        checks = 0
        for result in _results(connection, text):
            if result.status == ExecStatus.SINGLE_TUPLE:
                connection.close()
                raise CommandError(_found(command, checks + 1, result))
            if result.status == ExecStatus.TUPLES_OK:
                checks += 1
            elif result.status == ExecStatus.FATAL_ERROR:
                raise _failure(command, text, psycopg.errors.error_from_result(result))
    if not checks:
        raise CommandError(f"{command.script.name} holds no query, and so checks nothing")


def _results(connection: Session, text: str) -> Iterator[PGresult]:
    """Yield the results of a script row by row: a check may find more rows than memory holds."""
    connection.pgconn.send_query(text.encode())
    connection.pgconn.set_single_row_mode()
    while result := connection.wait(generators.fetch(connection.pgconn)):
        yield result


def _found(command: RunChecks, number: int, row: PGresult) -> str:
    """Say which check found rows, and in which columns; their values may be personal."""
    names = (row.fname(column) or b"" for column in range(row.nfields))
    columns = ", ".join(name.decode() for name in names)
    return (
        f"check {number} of {command.script.name} found rows ({columns}) in {command.target}; "
        "nothing was promoted"
    )


def _read(script: Script) -> str:
    try:
        return Path(script.path).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"cannot read the script {script.name}: {error}") from error


@contextmanager
def transaction(target: Target, role: str | None, scope: Scope) -> Iterator[Session]:
    """Open a transaction as the owner, with the search path that scripts are written for."""
    with connect(target, scope) as connection:
        # Rows hidden by a policy would be neither sanitised nor found: an error instead.
        connection.execute("SET row_security = off")
        connection.execute('SET search_path = "$user", public')
        if role:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


def _transaction_id(connection: Session) -> object:
    """Tell one transaction from the next; None outside of any."""
    if connection.info.transaction_status != TransactionStatus.INTRANS:
        return None
    row = connection.execute("SELECT txid_current()").fetchone()
    return row[0] if row else None


def _failure(command: RunScript | RunChecks, text: str, error: psycopg.Error) -> CommandError:
    """Say which line failed and why; a session that was lost is none of the script's doing."""
    if is_lost(error):
        return told(error, command.target)
    position = error.diag.statement_position
    line = f":{text[: int(position)].count(chr(10)) + 1}" if position else ""
    return CommandError(
        f"{command.script.name}{line} failed: {first_line(error)}; nothing was promoted"
    )

"""Sessions: connections to PostgreSQL that end with the step, and whose failures are sentences."""

import os
import re
import socket
import threading
from contextlib import suppress
from types import TracebackType

import psycopg
from psycopg.rows import TupleRow

from envsync.commands import Target
from envsync.commands.postgresql_text import conninfo
from envsync.errors import CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.scope import Scope
from envsync.gateways.secrets import reveal

CANCEL_PATIENCE = 3.0
"""Seconds a server has to take note that a statement is cancelled; then the line is cut."""
KEEPALIVE_SECONDS = 30
"""Between signs of life on a silent connection; after three without an answer it is lost."""
_FATAL = "FATAL:"
# What a server says that is there but cannot serve yet, or not now (PostgreSQL, postmaster.c).
_NOT_NOW = ("starting up", "shutting down", "recovery mode", "too many", "reserved for")
# SQLSTATE classes of lost connections, of missing resources and of operators' interventions.
_LOST = ("08", "53", "57P")
# Data exceptions quote the value they are about, after whichever marks the server's language has.
_QUOTES_VALUES = "22"
_QUOTED = re.compile(r"[\"'\u00ab\u201e\u201c\u2018\u2039].*", re.DOTALL)
# What RAISE and ASSERT say is their author's own (PostgreSQL, pl_exec.c), whatever the SQLSTATE.
_RAISED, _RAISES = "P0", "exec_stmt_raise"


# A step has a deadline of its own; a server's or a database's would end it in the middle. These
# are not known to every version.
_NO_LATER_TIMEOUTS = """
SELECT set_config(name, '0', false) FROM pg_settings
 WHERE name IN ('transaction_timeout', 'idle_session_timeout',
                'idle_in_transaction_session_timeout')
"""


class Session(psycopg.Connection[TupleRow]):
    """A connection that the step's scope can end from another thread.

    As a context it commits or rolls back, closes, and tells psycopg's errors as envsync's own.
    """

    _target: Target
    _scope: Scope | None = None

    def held_by(self, scope: Scope, target: Target) -> None:
        """Let the scope end this session until it is closed."""
        self._closing = threading.RLock()
        self._target = target
        scope.register(self._stop)
        self._scope = scope

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        if self._scope is None:
            super().close()
            return
        with self._closing:
            super().close()
        self._scope.forget(self._stop)
        self._scope = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        scope = self._scope
        try:
            super().__exit__(kind, error, trace)
        except psycopg.Error as failure:
            if scope:
                scope.check()
            raise told(failure, self._target) from failure
        finally:
            self.close()
        if error is not None and scope:
            scope.check()
        if isinstance(error, psycopg.Error):
            raise told(error, self._target) from error

    def _stop(self) -> None:
        with self._closing:
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CANCEL_PATIENCE)
            with (
                suppress(psycopg.Error, OSError),
                socket.socket(fileno=os.dup(self.fileno())) as line,
            ):
                line.shutdown(socket.SHUT_RDWR)


def connect(target: Target, scope: Scope, *, options: str = "") -> Session:
    """Open a session that commits each statement, unless a transaction is begun.

    Its search path is empty, and nothing in it times out. `options` are further settings for the
    server, written as for PGOPTIONS. Raises UnavailableError where nobody answers, CommandError
    where the server refuses.
    """
    scope.check()
    secret = target.endpoint.password
    try:
        session = Session.connect(
            conninfo(target.endpoint, target.database),
            autocommit=True,
            password=reveal(secret) if secret else None,
            # Nobody who may create a function in a schema on the path may have it run by us.
            options="-c client_encoding=UTF8 -c search_path= -c statement_timeout=0 "
            f"-c lock_timeout=0 {options}",
            keepalives_idle=KEEPALIVE_SECONDS,
            keepalives_interval=KEEPALIVE_SECONDS,
            keepalives_count=3,
        )
    except psycopg.OperationalError as error:
        raise _refused(error, target) from error
    try:
        session.held_by(scope, target)
    except InterruptedStepError:
        session.close()
        raise
    try:
        session.execute(_NO_LATER_TIMEOUTS)
    except psycopg.Error as error:
        session.close()
        scope.check()
        raise told(error, target) from error
    return session


def is_lost(error: psycopg.Error) -> bool:
    """Tell whether a session ended, or the server could not serve it, whatever it was asked."""
    return error.diag.message_primary is None or (error.sqlstate or "").startswith(_LOST)


def told(error: psycopg.Error, target: Target) -> CommandError:
    """Say in a sentence what a server answered; never the rows it quotes."""
    if is_lost(error):
        return UnavailableError(f"lost the connection to {target}: {first_line(error)}")
    return CommandError(f"{target} refused: {first_line(error)}")


def _refused(error: psycopg.OperationalError, target: Target) -> CommandError:
    said = first_line(error)
    kind = (
        CommandError
        if _FATAL in said and not any(words in said for words in _NOT_NOW)
        else UnavailableError
    )
    return kind(f"cannot connect to {target}: {said}")


def first_line(error: psycopg.Error) -> str:
    """Return what the server said, without its details and values: they may quote rows."""
    state = error.sqlstate or ""
    if state.startswith(_RAISED) or error.diag.source_function == _RAISES:
        return (
            f"an exception was raised in SQL ({state}); its words, which may quote rows, are in "
            "the server's log"
        )
    text = error.diag.message_primary or str(error) or type(error).__name__
    if state.startswith(_QUOTES_VALUES):
        text = _QUOTED.sub("…", text)
    return text.splitlines()[0].removeprefix("connection failed: ")

"""Sessions: connections to MySQL that end with the step, and whose failures are sentences."""

import re
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pymysql
from pymysql.constants import CR, ER
from pymysql.cursors import Cursor

from envsync.commands import Target
from envsync.commands.mysql_text import socket_of
from envsync.errors import CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.scope import Scope
from envsync.gateways.secrets import reveal
from envsync.places import Endpoint

CONNECT_TIMEOUT = 15
"""Seconds in which a server must answer."""
CANCEL_PATIENCE = 3
"""Seconds a server has to take note that a session is to end; then the line is cut."""
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# Errors whose messages name objects and accounts, and never a value of a row.
_NAMING = frozenset(
    {
        ER.ACCESS_DENIED_ERROR,
        ER.DBACCESS_DENIED_ERROR,
        ER.TABLEACCESS_DENIED_ERROR,
        ER.COLUMNACCESS_DENIED_ERROR,
        ER.SPECIFIC_ACCESS_DENIED_ERROR,
        ER.PROCACCESS_DENIED_ERROR,
        ER.BAD_DB_ERROR,
        ER.NO_SUCH_TABLE,
        ER.BAD_TABLE_ERROR,
        ER.BAD_FIELD_ERROR,
        ER.SP_DOES_NOT_EXIST,
        ER.DB_CREATE_EXISTS,
        ER.TABLE_EXISTS_ERROR,
        ER.DUP_FIELDNAME,
        ER.DUP_KEYNAME,
        ER.NO_SUCH_USER,
        ER.CANT_DROP_FIELD_OR_KEY,
        ER.ROW_IS_REFERENCED,
        ER.ROW_IS_REFERENCED_2,
        ER.NO_REFERENCED_ROW,
        ER.NO_REFERENCED_ROW_2,
        ER.UNKNOWN_COLLATION,
        ER.UNKNOWN_CHARACTER_SET,
        ER.LOCK_WAIT_TIMEOUT,
        ER.LOCK_DEADLOCK,
        ER.VIEW_INVALID,
        ER.UNKNOWN_STORAGE_ENGINE,
        ER.DATA_TOO_LONG,
        ER.WARN_DATA_OUT_OF_RANGE,
        ER.BAD_NULL_ERROR,
        ER.NO_DB_ERROR,
        ER.TRG_IN_WRONG_SCHEMA,
        ER.DIVISION_BY_ZERO,
        ER.OPTION_PREVENTS_STATEMENT,
        ER.NO_DEFAULT_FOR_FIELD,
    }
)
_CLIENT_ERRORS = range(2000, 3000)
"""Said by the client alone: nobody was there to refuse."""
_QUOTED = re.compile(r"'.*'", re.DOTALL)
_NOT_NOW = frozenset({ER.CON_COUNT_ERROR, ER.SERVER_SHUTDOWN, ER.TOO_MANY_USER_CONNECTIONS})


# The types of PyMySQL know of more than its classes do.
if TYPE_CHECKING:
    _Connection = pymysql.Connection[Cursor]
else:
    _Connection = pymysql.Connection


class Session(_Connection):
    """A connection that the step's scope can end from another thread; it commits each statement.

    As a context it closes, and tells PyMySQL's errors as envsync's own.
    """

    target: Target
    _scope: Scope | None = None

    def run(self, statement: str | bytes, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; returns its rows."""
        cursor: Any = self.cursor()
        with cursor:
            cursor.execute(statement, tuple(arguments) or None)
            return list(cursor.fetchall()) if cursor.description else []

    def send(self, statement: bytes) -> int:
        """Run one statement of a dump as it is; returns how many rows it changed."""
        return int(self.query(statement))

    def held_by(self, scope: Scope) -> None:
        """Let the scope end this session until it is closed."""
        self._closing = threading.Lock()
        scope.register(self._stop)
        self._scope = scope

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        scope, self._scope = self._scope, None
        if scope is None:
            self._drop_line()
            return
        with self._closing:
            self._drop_line()
        scope.forget(self._stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(  # type: ignore[override]
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        scope = self._scope
        self.close()
        if error is not None and scope:
            scope.check()
        if isinstance(error, pymysql.Error):
            raise told(error, self.target) from None

    def _drop_line(self) -> None:
        """Close without a word to the server, which may be busy or gone."""
        whole: Any = self
        whole._force_close()  # noqa: SLF001 - close() would wait for the server

    def _stop(self) -> None:
        """End the statement under way on the server, then cut the line."""
        with self._closing:
            number = int(self.thread_id())  # type: ignore[no-untyped-call]
            with suppress(pymysql.Error, OSError):
                other = _opened(self.target, CANCEL_PATIENCE, database=None)
                try:
                    other.run(f"KILL {number}")
                finally:
                    other.close()
            line = self._sock  # type: ignore[attr-defined]
            with suppress(OSError, AttributeError):
                line.shutdown(socket.SHUT_RDWR)


def connect(target: Target, scope: Scope, *, schema: bool = True) -> Session:
    """Open a session, in the target's schema unless told otherwise; each statement is committed.

    Raises UnavailableError where nobody answers, CommandError where the server refuses.
    """
    scope.check()
    try:
        session = _opened(target, CONNECT_TIMEOUT, database=target.database if schema else None)
    except pymysql.Error as error:
        raise _refused(error, target) from None
    except (OSError, ssl.SSLError) as error:
        raise UnavailableError(f"cannot connect to {target}: {error}") from error
    try:
        session.held_by(scope)
    except InterruptedStepError:
        session.close()
        raise
    return session


def _opened(target: Target, patience: int, *, database: str | None) -> Session:
    endpoint = target.endpoint
    path = socket_of(endpoint)
    context = None if path else tls(endpoint)
    session = Session(
        host=None if path else endpoint.host,
        port=endpoint.port,
        unix_socket=path,
        user=endpoint.user,
        # As text PyMySQL would send it in Latin 1.
        password=reveal(endpoint.password).encode() if endpoint.password else b"",
        database=database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=patience,
        program_name="envsync",
        ssl=context,
        ssl_disabled=context is None,
        defer_connect=True,
    )
    session.target = target
    session.connect()
    return session


def tls(endpoint: Endpoint) -> ssl.SSLContext | None:
    """Return how a server's certificate is checked; None where there is no TLS."""
    if endpoint.tls == "disable":
        return None
    verifies = endpoint.tls.startswith("verify")
    context = ssl.create_default_context(
        cafile=(endpoint.tls_ca or SYSTEM_CERTIFICATES) if verifies else None
    )
    context.check_hostname = endpoint.tls == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    return context


def told(error: pymysql.Error, target: Target) -> CommandError:
    """Say in a sentence what a server answered; never the rows it quotes."""
    if code(error) in {CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, 0} or isinstance(
        error, pymysql.err.InterfaceError
    ):
        return UnavailableError(f"lost the connection to {target}")
    return CommandError(f"{target} refused: {said(error)}")


def code(error: pymysql.Error) -> int:
    """Return the number of a server's error; 0 where it is none of a server's."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def said(error: pymysql.Error) -> str:
    """Return what the server said, with what may be values of rows left out."""
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    return text if code(error) in _NAMING else _QUOTED.sub("'…'", text)


def _refused(error: pymysql.Error, target: Target) -> CommandError:
    number = code(error)
    away = number in _CLIENT_ERRORS or number in _NOT_NOW or number == 0
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    return (UnavailableError if away else CommandError)(f"cannot connect to {target}: {text}")

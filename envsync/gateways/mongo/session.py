"""Sessions: connections to MongoDB that end with the step, and whose failures are sentences."""

import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Self

import pymongo
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from envsync.errors import CommandError, UnavailableError
from envsync.gateways.scope import Scope
from envsync.gateways.secrets import reveal
from envsync.places import Endpoint

CONNECT_TIMEOUT = 12
"""Seconds in which a server must answer, and a replica set have a primary again."""
STOP_PATIENCE = 3.0
"""Seconds a server has to take note that what it does is cancelled."""
ADMIN = "admin"
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.UNSPECIFIED, tz_aware=True
)
# Answers that quote no document, by their code (MongoDB, error_codes.yml).
_LOST = {11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001}
_MAY_QUOTE = {2, 9, 14, 16, 121, 11000, 11001}
_AUTHENTICATION_FAILED = 18
_QUOTED = re.compile(r" \{ (\w+):.*")
Document = dict[str, Any]
Command = Mapping[str, Any]


class Session:
    """One connection pool and one logical session; every command of a step goes through one.

    A step that is cancelled kills the session on the server, which ends all it does there.
    """

    def __init__(
        self, client: MongoClient[Document], session: ClientSession, where: Endpoint
    ) -> None:
        self.client = client
        self.session = session
        self.where = where
        self._sessions = [session]

    def database(self, name: str) -> Database[Document]:
        return self.client.get_database(name, codec_options=CODEC)

    def command(self, database: str, command: Command) -> Document:
        """Run a command; raises CommandError with what the server answered."""
        with told(self.where):
            return self.database(database).command(
                dict(command),
                session=self.session,
                read_preference=self.client.read_preference,
                codec_options=CODEC,
            )

    def admin(self, command: Command) -> Document:
        return self.command(ADMIN, command)

    def listed(self, database: str, command: Command) -> list[Document]:
        """Run a command that answers with a cursor; returns all of its documents."""
        with told(self.where):
            cursor = self.database(database).cursor_command(
                dict(command),
                session=self.session,
                read_preference=self.client.read_preference,
                codec_options=CODEC,
            )
            return list(cursor)

    def begin(self, *, snapshot: bool = False) -> ClientSession:
        """Begin a session for another thread; or one whose reads all see one moment."""
        begun = self.client.start_session(causal_consistency=False, snapshot=snapshot)
        self._sessions.append(begun)
        return begun

    def kill(self) -> None:
        """End on the server whatever is done there for this session."""
        sessions = [dict(each.session_id) for each in self._sessions]
        with suppress(PyMongoError), pymongo.timeout(STOP_PATIENCE):
            self.client.admin.command({"killSessions": sessions})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(PyMongoError):
            for each in self._sessions:
                each.end_session()
        self.client.close()


@contextmanager
def connect(endpoint: Endpoint, scope: Scope, *, secondary: bool = False) -> Iterator[Session]:
    """Open a session that the step's scope can end from another thread.

    Raises UnavailableError where nobody answers, CommandError where the server refuses.
    """
    scope.check()
    with told(endpoint), Session(*_opened(endpoint, secondary=secondary), endpoint) as session:
        stopper = _Stopper(session)
        with scope.stoppable(stopper.stop):
            yield session


class _Stopper:
    """Kills a session once, from whichever thread cancels the step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def stop(self) -> None:
        """Return at once; a server that does not answer must not hold up the others."""
        threading.Thread(target=self._session.kill, daemon=True).start()


def _opened(endpoint: Endpoint, *, secondary: bool) -> tuple[MongoClient[Document], ClientSession]:
    client: MongoClient[Document] = MongoClient(**options(endpoint, secondary=secondary))
    try:
        return client, client.start_session(causal_consistency=False)
    except PyMongoError:
        client.close()
        raise


def options(endpoint: Endpoint, *, secondary: bool = False) -> dict[str, Any]:
    """Return how pymongo reaches a server; without a replica set's name, that member alone."""
    found: dict[str, Any] = {
        "host": endpoint.host,
        "port": endpoint.port,
        "appname": "envsync",
        "directConnection": endpoint.replica_set is None,
        "retryWrites": False,
        "serverSelectionTimeoutMS": CONNECT_TIMEOUT * 1000,
        "connectTimeoutMS": CONNECT_TIMEOUT * 1000,
        "tls": endpoint.tls != "disable",
    }
    if endpoint.host.startswith("/"):
        found |= {"host": f"{endpoint.host}/mongodb-{endpoint.port}.sock", "tls": False}
        del found["port"]
    if endpoint.replica_set is not None:
        found["replicaSet"] = endpoint.replica_set
        found["readPreference"] = "secondary" if secondary else "primary"
    if found["tls"]:
        found |= _tls(endpoint)
    if endpoint.user is not None:
        found |= {"username": endpoint.user, "authSource": endpoint.auth_source}
        if endpoint.password is not None:
            found["password"] = reveal(endpoint.password)
    return found


def _tls(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.tls == "require":
        return {"tlsAllowInvalidCertificates": True}
    authority = endpoint.tls_ca or ssl.get_default_verify_paths().cafile
    return {
        **({"tlsCAFile": authority} if authority else {}),
        "tlsAllowInvalidHostnames": endpoint.tls == "verify-ca",
    }


@contextmanager
def told(endpoint: Endpoint) -> Iterator[None]:
    """Tell pymongo's errors as envsync's own."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise _sentence(error, endpoint) from error


def _sentence(error: Exception, endpoint: Endpoint) -> CommandError:
    kind, text = CommandError, f"{endpoint} failed: {type(error).__name__}"
    match error:
        case ServerSelectionTimeoutError():
            kind, text = UnavailableError, f"cannot connect to {endpoint}: {_unreachable(error)}"
        case OperationFailure(code=code) if code == _AUTHENTICATION_FAILED:
            text = (
                f"cannot connect to {endpoint}: authentication failed; correct user:, password: or "
                "auth_source: of the server"
            )
        case OperationFailure(code=code) if code in _LOST:
            kind, text = UnavailableError, f"lost the connection to {endpoint}: {said(error)}"
        case OperationFailure():
            text = f"{endpoint} refused: {said(error)}"
        case ConnectionFailure():
            kind, text = UnavailableError, f"lost the connection to {endpoint}: it went away"
        case ConfigurationError():
            text = f"cannot connect to {endpoint}: {str(error).splitlines()[0]}"
    return kind(text)


def code(error: CommandError) -> int | None:
    """Return the number of a server's refusal, as MongoDB counts them; None for other errors."""
    cause = error.__cause__
    return cause.code if isinstance(cause, OperationFailure) else None


def _unreachable(error: Exception) -> str:
    """Return pymongo's reason without its description of the topology."""
    text = str(error).split(", Timeout:")[0]
    return text.split(" (configured timeouts")[0].splitlines()[0]


def said(error: OperationFailure) -> str:
    """Return what a server said, without the documents it may quote."""
    details = error.details or {}
    name = details.get("codeName") or f"code {error.code}"
    if error.code in _MAY_QUOTE or error.code is None:
        return str(name)
    text = str(details.get("errmsg") or name).splitlines()[0]
    return f"{_QUOTED.sub(_name_of, text)} ({name})"


def _name_of(command: re.Match[str]) -> str:
    """Keep of a command that a server repeats only what it is called."""
    return f" {command[1]}"

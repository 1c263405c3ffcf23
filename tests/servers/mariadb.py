"""Real MariaDB servers on loopback: Debian's, twice, as two environments have them."""

import getpass
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from envsync.commands import Target
from envsync.places import Endpoint, Secret
from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.waiting import until

# Bait for whatever quotes, escapes, splits or expands passwords.
PASSWORD = 'it\'s:a \\"secret" %2F=#ü\\n'
SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--log-bin=bin",
    "--log-bin-trust-function-creators=1",
    "--sync-binlog=0",
    "--default-time-zone=+01:00",
)
_PROCESSES: dict[int, "subprocess.Popen[bytes]"] = {}
"""The servers that run, by their port."""


@dataclass(frozen=True, slots=True)
class MariadbServer:
    """A running server; who asks in over TCP needs the password, root comes by the socket."""

    name: str
    port: int
    folder: Path

    @property
    def socket(self) -> Path:
        return self.folder / "mysqld.sock"

    def endpoint_as(self, account: str) -> Endpoint:
        """Return the server as an account made by `account` reaches it."""
        secret = Secret("file", str(self.folder / "password"))
        return Endpoint(self.name, "127.0.0.1", self.port, account, secret, tls="disable")

    def target(self, database: str, account: str) -> Target:
        return Target(self.endpoint_as(account), database)

    def kill(self) -> None:
        """End the server as a power cut would, as far as its process is concerned."""
        process = _PROCESSES.pop(self.port)
        process.kill()
        process.wait()
        self.socket.unlink(missing_ok=True)

    def connect(
        self, database: str | None = None, account: str | None = None
    ) -> "pymysql.Connection[Any]":
        """Connect as an account, or as root."""
        if account is None:
            where: dict[str, Any] = {"unix_socket": str(self.socket), "user": "root"}
        else:
            where = {"host": "127.0.0.1", "port": self.port, "user": account}
            where["password"] = PASSWORD.encode()
        return pymysql.connect(**where, database=database, charset="utf8mb4", autocommit=True)

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        program = shutil.which("mariadbd", path="/usr/sbin:/usr/bin") or "mariadbd"
        with (self.folder / "log").open("ab") as log:
            _PROCESSES[self.port] = subprocess.Popen(
                (
                    *(program, "--no-defaults", f"--user={getpass.getuser()}"),
                    *(f"--datadir={self.folder / 'data'}", f"--socket={self.socket}"),
                    *(
                        f"--port={self.port}",
                        f"--server-id={self.port}",
                        _own_temporary(self.folder),
                    ),
                    *SETTINGS,
                    *(self.folder / "settings").read_text().splitlines(),
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self.socket.exists, f"MariaDB {self.name} to listen")
        until(lambda: _answers(self), f"MariaDB {self.name} to start")

    def run(
        self, statements: str, database: str | None = None, account: str | None = None
    ) -> list[Any]:
        """Run SQL, a statement a line or up to an empty line; returns the rows of the last one."""
        rows: list[Any] = []
        with self.connect(database, account) as connection, connection.cursor() as cursor:
            for statement in statements.strip().split(";\n"):
                if statement.strip():
                    cursor.execute(statement)
                    rows = list(cursor.fetchall())
        return rows

    def load(self, text: bytes, database: str) -> None:
        """Have the mariadb program read SQL as root."""
        program = ("mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "--comments")
        charset = "--default-character-set=utf8mb4"
        subprocess.run((*program, charset, database), input=text, check=True)

    def account(self, name: str, *grants: str) -> str:
        """Create an account with the password of all; returns its name, made unique."""
        unique = f"{name}_{uuid.uuid4().hex[:8]}"
        who = f"`{unique}`@`127.0.0.1`"
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE USER {who} IDENTIFIED BY %s", (PASSWORD,))
            for grant in grants:
                cursor.execute(f"GRANT {grant} TO {who}")
        return unique


@dataclass(frozen=True, slots=True)
class Mariadb:
    """Two servers of one version, as two environments have them."""

    production: MariadbServer
    integration: MariadbServer


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Mariadb]:
    """Two servers of Debian's MariaDB."""
    with two_servers() as made:
        yield made


@contextmanager
def two_servers() -> Iterator[Mariadb]:
    """Run two servers of Debian's MariaDB."""
    with (
        tempfile.TemporaryDirectory(prefix="envsync-mariadb-") as folder,
        running_server("production", Path(folder)) as production,
        running_server("integration", Path(folder)) as integration,
    ):
        yield Mariadb(production, integration)


@pytest.fixture(scope="session")
def scratch_mariadb() -> Iterator[MariadbServer]:
    """A server of one's own, on which no database lies."""
    with (
        tempfile.TemporaryDirectory(prefix="envsync-mariadb-") as folder,
        running_server("scratch", Path(folder)) as server,
    ):
        yield server


@contextmanager
def running_server(name: str, parent: Path, *settings: str) -> Iterator[MariadbServer]:
    """Start a server of one's own, with settings of its own."""
    program = shutil.which("mariadbd", path="/usr/sbin:/usr/bin")
    install = shutil.which("mariadb-install-db")
    if program is None or install is None:
        unavailable("install the Debian package mariadb-server")
    server = MariadbServer(name, free_port(), parent / name)
    server.folder.mkdir()
    (server.folder / "password").write_text(PASSWORD, encoding="utf-8")
    (server.folder / "password").chmod(0o600)
    data, user = server.folder / "data", f"--user={getpass.getuser()}"
    subprocess.run(
        (
            *(install, "--no-defaults", f"--datadir={data}", user, "--skip-test-db"),
            *("--auth-root-authentication-method=normal", "--innodb-log-file-size=16M"),
            _own_temporary(server.folder),
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    (server.folder / "settings").write_text("\n".join(settings))
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _own_temporary(folder: Path) -> str:
    """Name a folder for temporary tables: a server that starts deletes all that it finds there."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    return f"--tmpdir={temporary}"


def _answers(server: MariadbServer) -> bool:
    with suppress(pymysql.Error, OSError):
        return server.run("SELECT 1") == [(1,)]
    return False

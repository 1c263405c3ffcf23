"""MySQL in the demo: two servers of this machine's MariaDB, and a Signon that never was."""

import getpass
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pymysql

NAME = "MariaDB"
KEY = "signon"
_NAME = "signon_production"
DATABASE = {"name": _NAME, "path": "mysql-backend"}
SCRIPT = "sanitise_signon_production.sql"
ENVIRONMENT: Mapping[str, object] = {}
_TABLES = ("users", "oauth_applications", "oauth_access_tokens", "event_logs")
_SCHEMA = Path(__file__).parents[2] / "benchmarks" / "schemas" / "signon.sql"
_USERS = 5_000
_PATIENCE = 30.0
_BETWEEN_LOOKS = 0.1


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is reached through a socket, by root, as this user's own."""

    folder: Path

    @property
    def socket(self) -> str:
        return str(self.folder / "mysqld.sock")

    @property
    def inventory(self) -> Mapping[str, object]:
        return {"dbms": "mysql", "host": self.socket, "user": "root"}

    def connected(
        self, database: str | None = _NAME
    ) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            unix_socket=self.socket, user="root", database=database, autocommit=True
        )


@contextmanager
def servers(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Run a production and an integration, whose data lie below a folder."""
    with (
        _running(folder / "production-server") as production,
        _running(folder / "integration-server") as integration,
    ):
        yield production, integration


@contextmanager
def _running(folder: Path) -> Iterator[Server]:
    program = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    install = shutil.which("mariadb-install-db")
    if program is None or install is None:
        sys.exit("this demo needs MariaDB's server; on Debian: apt-get install mariadb-server")
    folder.mkdir()
    (folder / "temporary").mkdir()
    server, data = Server(folder), folder / "data"
    # A server that starts deletes the temporary tables of others that use the same folder.
    own = (f"--user={getpass.getuser()}", f"--tmpdir={folder / 'temporary'}")
    method = "--auth-root-authentication-method=normal"
    subprocess.run(
        (install, "--no-defaults", f"--datadir={data}", *own, "--skip-test-db", method),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    process = subprocess.Popen(
        (
            *(program, "--no-defaults", *own, f"--datadir={data}", f"--socket={server.socket}"),
            *("--skip-networking", "--innodb-flush-log-at-trx-commit=0"),
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(server)
        yield server
    finally:
        process.kill()
        process.wait()


def _wait(server: Server) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with suppress(pymysql.Error), server.connected(None):
            return
        time.sleep(_BETWEEN_LOOKS)
    sys.exit("MariaDB's server did not start in half a minute")


def fill(production: Server) -> None:
    """Fill production with people that never were."""
    random = Random(1846)
    with production.connected(None) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {_NAME} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {_NAME}")
        for statement in _SCHEMA.read_text().split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute("BEGIN")
        cursor.executemany(
            "INSERT INTO users (name, email, encrypted_password, uid) VALUES (%s, %s, %s, %s)",
            [
                (f"Person {n}", f"person.{n}@private.example", f"$2a${random.random()}", f"uid-{n}")
                for n in range(_USERS)
            ],
        )
        cursor.execute(
            "INSERT INTO oauth_applications VALUES (1, 'Whitehall', 'whitehall', 'hush',"
            " 'https://whitehall.publishing.service.gov.uk/auth', NULL)"
        )
        cursor.executemany(
            "INSERT INTO oauth_access_tokens (resource_owner_id, application_id, token)"
            " VALUES (%s, 1, %s)",
            [(n + 1, f"token-{n}-{random.random()}") for n in range(_USERS)],
        )
        cursor.executemany(
            "INSERT INTO event_logs (uid, event_id, trailing_message) VALUES (%s, 3, %s)",
            [(f"uid-{n % _USERS}", f"by person.{n}@private.example") for n in range(4 * _USERS)],
        )
        cursor.execute("COMMIT")


def shown(server: Server) -> Iterator[tuple[str, int, str]]:
    """Yield how many rows each table has, and how many e-mail addresses can be read."""
    with server.connected() as connection, connection.cursor() as cursor:
        for table in _TABLES:
            yield table, _count(cursor, f"SELECT count(*) FROM {table}"), "rows"
        readable = "SELECT count(*) FROM users WHERE email NOT LIKE '%@example.com'"
        yield "e-mail addresses", _count(cursor, readable), "to be read"


def _count(cursor: pymysql.cursors.Cursor, query: str) -> int:
    cursor.execute(query)
    row = cursor.fetchone()
    return int(row[0]) if row else 0

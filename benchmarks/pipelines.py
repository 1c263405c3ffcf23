"""The pipelines that are compared: two that incumbents use, and envsync's command line."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.processes import pipe
from benchmarks.s3 import BUCKET, S3Server
from benchmarks.servers import USER, PostgresServer

ROOT = Path(__file__).parents[1]
DATABASE = "publishing_api_production"
SCRIPT = "sanitise_publishing_api_production.sql"
KEY = "publishing_api"

Bytes = int


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the pipelines run: two servers, a storage, and a folder for files."""

    source: PostgresServer
    target: PostgresServer
    s3: S3Server
    folder: Path

    def s5cmd(self, *arguments: str) -> tuple[str, ...]:
        program = str(Path(sys.executable).with_name("s5cmd"))
        return (program, "--endpoint-url", self.s3.url, *arguments)

    def pg_dump(self, *arguments: str) -> tuple[str, ...]:
        conninfo = self.source.conninfo(DATABASE)
        return (self.source.program("pg_dump"), "--format=custom", *arguments, conninfo)

    def pg_restore(self, *arguments: str) -> tuple[str, ...]:
        return (self.target.program("pg_restore"), "--file=-", *arguments)

    def psql(self, *arguments: str) -> tuple[str, ...]:
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        return (self.target.program("psql"), *options, *arguments, self.target.conninfo(DATABASE))

    def sanitise(self) -> None:
        script = str(ROOT / "sanitisation_sql" / SCRIPT)
        pipe(self.psql("--single-transaction", f"--file={script}"))


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A way to push and to pull; each tells the peak memory of its own process, if it has one."""

    name: str
    description: str
    push: Callable[[Stage], Bytes | None]
    pull: Callable[[Stage], Bytes | None]


def push_through_file(stage: Stage) -> None:
    """Dump to a file, then upload it."""
    file = str(stage.folder / "push.dump")
    pipe(stage.pg_dump(f"--file={file}"))
    pipe(stage.s5cmd("cp", file, f"s3://{BUCKET}/file.dump"), environment=stage.s3.environment)
    Path(file).unlink()


def pull_through_file(stage: Stage) -> None:
    """Download a file, then replace the database by it in one transaction."""
    file = str(stage.folder / "pull.dump")
    pipe(stage.s5cmd("cp", f"s3://{BUCKET}/file.dump", file), environment=stage.s3.environment)
    stage.target.replace(DATABASE)
    pipe(stage.pg_restore(file), stage.psql("--single-transaction"))
    stage.sanitise()
    Path(file).unlink()


def push_streamed(stage: Stage) -> None:
    """Dump, compressed little, straight into the storage."""
    upload = stage.s5cmd("pipe", f"s3://{BUCKET}/stream.dump")
    pipe(stage.pg_dump("--compress=1"), upload, environment=stage.s3.environment)


def pull_streamed(stage: Stage) -> None:
    """Replace the database straight from the storage."""
    download = stage.s5cmd("cat", f"s3://{BUCKET}/stream.dump")
    stage.target.replace(DATABASE)
    pipe(download, stage.pg_restore(), stage.psql(), environment=stage.s3.environment)
    stage.sanitise()


def push_with_envsync(stage: Stage) -> Bytes:
    """Push as an operator would."""
    return _envsync(stage, "push", KEY, "--env", "production")


def pull_with_envsync(stage: Stage) -> Bytes:
    """Pull as an operator would."""
    return _envsync(stage, "pull", KEY, "--env", "integration")


INCUMBENTS = (
    Pipeline(
        "(a)",
        "pg_dump -Fc to a file, copied up; copied down, pg_restore -f - | psql -1, script",
        push_through_file,
        pull_through_file,
    ),
    Pipeline(
        "(b)",
        "pg_dump -Fc -Z1 streamed up; streamed down, pg_restore -f - | psql, script",
        push_streamed,
        pull_streamed,
    ),
)
ENVSYNC = Pipeline(
    "envsync",
    "envsync push, envsync pull: rows compared, script, checks, ANALYZE, promoted",
    push_with_envsync,
    pull_with_envsync,
)


def write_inventories(stage: Stage) -> None:
    """Write what envsync must know, into the stage's folder."""
    folder = stage.folder / "inventories"
    folder.mkdir()
    (stage.folder / "sanitisation_sql").symlink_to(ROOT / "sanitisation_sql")
    sync = {"from": "production", "at": "02:40", "sanitise": SCRIPT}
    production = _environment("production", stage, stage.source) | {"protected": True}
    integration = _environment("integration", stage, stage.target) | {"syncs": {KEY: sync}}
    for name, inventory in (("production", production), ("integration", integration)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(inventory))


def _environment(name: str, stage: Stage, server: PostgresServer) -> dict[str, object]:
    return {
        "environment": name,
        "protected": False,
        "storage": {
            "backend": "s3",
            "bucket": BUCKET,
            "region": "us-east-1",
            "endpoint_url": stage.s3.url,
            "checksums": "when_required",
        },
        "servers": {
            "postgres": {
                "dbms": "postgresql",
                "host": "127.0.0.1",
                "port": server.port,
                "user": USER,
                "tls": "disable",
                "machine": "here",
            }
        },
        "databases": {KEY: {"server": "postgres", "name": DATABASE, "path": name}},
    }


def _envsync(stage: Stage, *arguments: str) -> Bytes:
    return envsync_run(stage.folder, stage.s3, *arguments)


def envsync_run(folder: Path, s3: S3Server, *arguments: str) -> Bytes:
    """Run envsync's command line; returns the most memory its own process held."""
    command = (sys.executable, "-m", "envsync", *arguments)
    environment = s3.environment | {
        "ENVSYNC_INVENTORY": str(folder / "inventories"),
        "ENVSYNC_STATE": str(folder / "state"),
    }
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        peak = _peak(process)
        said = process.stdout.read().decode() if process.stdout else ""
    if process.returncode:
        sys.exit(f"envsync {arguments[0]} ended with exit code {process.returncode}:\n{said}")
    return peak


def _peak(process: subprocess.Popen[bytes]) -> Bytes:
    """Follow a process to its end; the kernel keeps its peak, but only while it runs."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, _high_water(process.pid))
        time.sleep(0.02)
    return peak


def _high_water(pid: int) -> Bytes:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    lines = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return sum(int(line.split()[1]) * 1024 for line in lines)

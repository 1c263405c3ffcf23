"""A throw-away S3 server for the benchmark: rclone's, out of its wheel."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import options, running
from tests.servers.ports import free_port

BUCKET = "benchmark"
KEY_ID, KEY_SECRET = "benchmark", "benchmarkbenchmark"


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running S3 server with one bucket."""

    port: int
    program: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def name(self) -> str:
        return Path(self.program).name

    @property
    def environment(self) -> dict[str, str]:
        """What its clients find in their environment variables."""
        return os.environ | {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": KEY_SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def rclone(directory: Path) -> Iterator[S3Server]:
    """Run rclone's S3 server; objects are files in a new directory."""
    (directory / BUCKET).mkdir(parents=True)
    program = str(Path(sys.executable).with_name("rclone"))
    server = S3Server(free_port(), program)
    arguments = options(
        {
            "--config": os.devnull,
            "--addr": f"127.0.0.1:{server.port}",
            "--auth-key": f"{KEY_ID},{KEY_SECRET}",
            "--dir-cache-time": "50ms",  # rclone 1.75 spins on 0s, for ever
            "--etag-hash": "",
            "--log-level": "ERROR",
        }
    )
    with running((program, "serve", "s3", str(directory), *arguments), port=server.port):
        yield server

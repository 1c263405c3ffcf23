"""Ceph's S3 server, out of Debian: it has accounts, and enforces policies and access lists."""

import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from tests.servers.availability import unavailable
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
PACKAGES = "radosgw ceph-mon ceph-osd ceph-common"
SECRET = "s3cret-of-the-account"
_PATIENCE = 150
_TRIES = 3
_ONE_DISK = """
[global]
fsid = {cluster}
mon host = v1:127.0.0.1:{port}
ms bind msgr2 = false
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 1
mon data = {folder}/mon
osd data = {folder}/osd
osd objectstore = {store}
bluestore block size = 21474836480
memstore device bytes = 1073741824
osd memory target = 1073741824
run dir = {folder}
log to stderr = false
err to stderr = false
mon cluster log to stderr = false
log file = {folder}/$name.log
admin socket = {folder}/$name.asok
keyring = {folder}/keyring
rgw sts key = abcdefghijklmnop
rgw s3 auth use sts = true
"""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running server: where it listens, and what tells its administration's program so."""

    port: int
    configuration: tuple[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make_user(self, name: str, secret: str) -> None:
        """Make an account whose access key is its name."""
        keys = ("--access-key", name, "--secret", secret)
        self.administer("user", "create", "--uid", name, "--display-name", name, *keys)

    def make_role(self, name: str, user: str, allowed: Sequence[str]) -> str:
        """Make a role that one user may assume, and return its ARN."""
        trust = _policy(["sts:AssumeRole"], Principal={"AWS": [f"arn:aws:iam:::user/{user}"]})
        rights = _policy(allowed, Resource=["*"])
        role = ("--role-name", name)
        self.administer("role", "create", *role, "--assume-role-policy-doc", trust)
        self.administer(
            "role-policy", "put", *role, "--policy-name", "rights", "--policy-doc", rights
        )
        return f"arn:aws:iam:::role/{name}"

    def client(self, user: str, secret: str = SECRET) -> "S3Client":
        """Return a client of the tests' own."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=user,
            aws_secret_access_key=secret,
            config=Config(s3={"addressing_style": "path"}),
        )

    def administer(self, *command: str) -> None:
        _run("radosgw-admin", *self.configuration, *command)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Two accounts on one server: production's and integration's."""

    gateway: Gateway

    def make_bucket(self) -> str:
        """Make a bucket of production's that nobody else may look into."""
        name = f"govuk-production-{uuid4().hex}"
        self.gateway.client("production").create_bucket(Bucket=name)
        return name

    def allow(self, bucket: str, *actions: str) -> None:
        """Have the bucket's policy allow integration to do what it names, and nothing else."""
        resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
        who = {"AWS": ["arn:aws:iam:::user/integration"]}
        self.gateway.client("production").put_bucket_policy(
            Bucket=bucket, Policy=_policy(actions, Principal=who, Resource=resources)
        )

    def storage(self, bucket: str) -> dict[str, Any]:
        """Return a bucket as an inventory names it."""
        place = {"backend": "s3", "bucket": bucket, "region": "us-east-1"}
        return {**place, "endpoint_url": self.gateway.url}

    @staticmethod
    def environment(user: str) -> dict[str, str]:
        """Return the variables by which a process is known as an account."""
        return {
            "AWS_ACCESS_KEY_ID": user,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }


@pytest.fixture(scope="session")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    if os.geteuid() != 0 or any(shutil.which(program) is None for program in PROGRAMS):
        unavailable(f"as root, install the Debian packages {PACKAGES}")
    with ExitStack() as held:
        yield Accounts(_started(held, tmp_path_factory))


def _started(held: ExitStack, folders: pytest.TempPathFactory) -> Gateway:
    """Start a server with both accounts; on a busy machine it does not always come up at once."""
    failures: list[RuntimeError] = []
    while len(failures) < _TRIES:
        with ExitStack() as trying:
            try:
                gateway = trying.enter_context(serving(folders.mktemp("ceph"), "memstore"))
                for name in ("production", "integration"):
                    gateway.make_user(name, SECRET)
            except RuntimeError as error:
                failures.append(error)
                continue
            held.push(trying.pop_all())
            return gateway
    raise failures[-1]


@contextmanager
def serving(directory: Path, store: Literal["memstore", "bluestore"]) -> Iterator[Gateway]:
    """Run a monitor, an OSD and a gateway in a new directory; needs root."""
    for folder in ("mon", "osd"):
        (directory / folder).mkdir(parents=True)
    port, monitor_port = free_port(), free_port()
    configuration = _write_configuration(directory, monitor_port, store)
    gateway = Gateway(port, configuration)
    monitor = ("ceph-mon", *configuration, "--id", "a")
    disk = ("ceph-osd", *configuration, "--id", "0")
    frontend = ("--rgw-frontends", f"beast endpoint=127.0.0.1:{port}")
    server = ("radosgw", *configuration, "--name", "client.admin", *frontend)
    _run(*monitor, "--mkfs", "--monmap", str(directory / "map"))
    with _running(*monitor, port=monitor_port):
        number = str(uuid.uuid4())
        _run("ceph", *configuration, "osd", "new", number)
        _run(*disk, "--mkfs", "--osd-uuid", number)
        with _running(*disk), _running(*server, port=port):
            yield gateway


def _write_configuration(directory: Path, port: int, store: str) -> tuple[str, str]:
    """Write what all of Ceph's programs read, and the map of its one monitor."""
    cluster = str(uuid.uuid4())
    file = directory / "ceph.conf"
    file.write_text(_ONE_DISK.format(cluster=cluster, port=port, folder=directory, store=store))
    monitor = ("--addv", "a", f"[v1:127.0.0.1:{port}/0]")
    _run("monmaptool", "--create", "--fsid", cluster, *monitor, str(directory / "map"))
    return "--conf", str(file)


def _policy(actions: Sequence[str], **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _run(*command: str) -> None:
    """Run one of Ceph's programs, whose warnings about an empty disk are of no interest."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} failed: {done.stderr}")


@contextmanager
def _running(*command: str, port: int | None = None) -> Iterator[None]:
    """Run a server meanwhile; where a port is given, wait until something listens on it."""
    with subprocess.Popen((*command, "--foreground"), stdout=subprocess.DEVNULL) as process:
        try:
            if port is not None:
                _wait_for(process, port)
            yield
        finally:
            process.terminate()


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")

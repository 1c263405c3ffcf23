"""A throw-away S3 server for the benchmark: Ceph's, out of Debian, over one disk that is a file."""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config

from benchmarks.processes import options, running
from benchmarks.s3 import BUCKET, KEY_ID, KEY_SECRET, S3Server
from tests.servers.ports import free_port

_PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
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
osd objectstore = bluestore
bluestore block size = 21474836480
osd memory target = 1073741824
run dir = {folder}
log to stderr = false
err to stderr = false
mon cluster log to stderr = false
log file = {folder}/$name.log
admin socket = {folder}/$name.asok
keyring = {folder}/keyring
"""


@contextmanager
def radosgw(directory: Path) -> Iterator[S3Server]:
    """Run a monitor, an OSD and a gateway in a new directory; needs root."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        sys.exit(f"no {missing[0]}; apt-get install radosgw ceph-mon ceph-osd ceph-common")
    for folder in ("mon", "osd"):
        (directory / folder).mkdir(parents=True)
    server = S3Server(free_port(), "radosgw")
    monitor_port = free_port()
    configuration = _write_configuration(directory, monitor_port)
    monitor = ("ceph-mon", *configuration, "--id", "a")
    disk = ("ceph-osd", *configuration, "--id", "0")
    gateway = ("radosgw", *configuration, "--name", "client.admin", "--rgw-frontends")
    listening = f"beast endpoint=127.0.0.1:{server.port}"
    _run(*monitor, "--mkfs", "--monmap", str(directory / "map"))
    with running((*monitor, "--foreground"), port=monitor_port):
        number = str(uuid.uuid4())
        _run("ceph", *configuration, "osd", "new", number)
        _run(*disk, "--mkfs", "--osd-uuid", number)
        with (
            running((*disk, "--foreground")),
            running((*gateway, listening, "--foreground"), port=server.port),
        ):
            _make_bucket(configuration, server)
            yield server


def _write_configuration(directory: Path, port: int) -> tuple[str, str]:
    """Write what all of Ceph's programs read, and the map of its one monitor."""
    cluster = str(uuid.uuid4())
    file = directory / "ceph.conf"
    file.write_text(_ONE_DISK.format(cluster=cluster, port=port, folder=directory))
    monitor = ("--addv", "a", f"[v1:127.0.0.1:{port}/0]")
    _run("monmaptool", "--create", "--fsid", cluster, *monitor, str(directory / "map"))
    return "--conf", str(file)


def _make_bucket(configuration: tuple[str, str], server: S3Server) -> None:
    user = options(
        {
            "--uid": KEY_ID,
            "--display-name": KEY_ID,
            "--access-key": KEY_ID,
            "--secret": KEY_SECRET,
        }
    )
    _run("radosgw-admin", *configuration, "user", "create", *user)
    client = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=KEY_SECRET,
        config=Config(s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=BUCKET)


def _run(*command: str) -> None:
    """Run one of Ceph's programs, whose warnings about an empty disk are of no interest."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr}")

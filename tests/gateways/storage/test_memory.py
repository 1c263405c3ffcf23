"""How much memory a transfer takes, measured on a process of its own."""

import os
import subprocess
import sys

import pytest

from tests.servers.s3 import S3Server

MEASURED = """
import resource, sys
from envsync.gateways.scope import Scope
from envsync.gateways.storage.s3 import S3Store
from envsync.places import S3Storage

store = S3Store(S3Storage(sys.argv[2], endpoint_url=sys.argv[1], region="eu-west-1"))
store.verify_writable()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
block = bytes(1 << 20)
with store.writer("key", store.part_bytes(int(sys.argv[3])), Scope()) as writer:
    for _ in range(300):
        writer.write(block)
with store.read("key", Scope()) as chunks:
    count = sum(map(len, chunks))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(count >> 20, grown >> 10)
"""
SMALL = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
"""A small program in between: a child's peak begins with what its parent had as it was started."""


@pytest.mark.live
@pytest.mark.parametrize("expected", [300 << 20, 5 * 10**12])
def test_a_transfer_takes_little_memory_whatever_its_size(
    rclone_server: S3Server, expected: int
) -> None:
    arguments = (rclone_server.endpoint_url, rclone_server.make_bucket(), str(expected))
    done = subprocess.run(
        (*SMALL, sys.executable, "-c", MEASURED, *arguments),
        env={**os.environ, **rclone_server.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    moved, grown = map(int, done.stdout.split())
    assert moved == 300
    assert grown < 60

"""A throw-away S3 server for the benchmark: Ceph's, out of Debian, over one disk that is a file."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.s3 import BUCKET, KEY_ID, KEY_SECRET, S3Server
from tests.servers.radosgw import PACKAGES, PROGRAMS, serving


@contextmanager
def radosgw(directory: Path) -> Iterator[S3Server]:
    """Run a monitor, an OSD and a gateway in a new directory; needs root."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        sys.exit(f"no {missing[0]}; apt-get install {PACKAGES}")
    with serving(directory, "bluestore") as gateway:
        gateway.make_user(KEY_ID, KEY_SECRET)
        gateway.client(KEY_ID, KEY_SECRET).create_bucket(Bucket=BUCKET)
        yield S3Server(gateway.port, "radosgw")

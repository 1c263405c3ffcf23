"""Stores to be tested, each in a place of its own, with ways to look behind them."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from envsync.gateways.storage.file import FileStore
from envsync.gateways.storage.rsync import RsyncStore
from envsync.gateways.storage.s3 import S3Store
from envsync.gateways.storage.store import MIB, Store
from envsync.places import FileStorage, S3Storage
from tests.servers.proxy import Proxy, proxying
from tests.servers.rsync import RsyncServer
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import MultipartUploadTypeDef

PART = 5 * MIB
"""The smallest part S3 takes, unless it is the last."""


@dataclass(frozen=True, slots=True)
class Place:
    """A store, one of its kind that is not there, and a way to see what no key shows."""

    store: Store
    absent: Store
    leftovers: Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Reached:
    """A bucket on a server that is reached through a proxy."""

    server: S3Server
    proxy: Proxy
    storage: S3Storage

    @property
    def store(self) -> S3Store:
        return S3Store(self.storage)


def file_place(folder: Path) -> Place:
    """Make a place that is a folder."""
    root = folder / "store"
    root.mkdir()
    store = FileStore(FileStorage(str(root)))
    absent = FileStore(FileStorage(str(folder / "absent")))
    return Place(store, absent, lambda: hidden(store, root))


def rsync_place(server: RsyncServer, spool: Path) -> Place:
    """Make a place that is a new folder in a module of an rsync daemon."""
    root = server.root("locked") / uuid4().hex
    root.mkdir()
    storage = replace(server.storage(f"locked/{root.name}", "envsync"), spool=str(spool))
    store = RsyncStore(storage)
    absent = RsyncStore(replace(storage, module="locked/absent"))
    return Place(store, absent, lambda: [*hidden(store, root), *map(str, spool.iterdir())])


def hidden(store: Store, root: Path) -> list[str]:
    """Return the files in a store's folder that are none of its objects."""
    whole = {found.key for found in store.keys("")}
    files = (path for path in root.rglob("*") if path.is_file())
    return [str(path) for path in files if path.relative_to(root).as_posix() not in whole]


def s3_place(server: S3Server) -> Place:
    """Make a place that is a bucket."""
    bucket = server.make_bucket()
    storage = server.storage(bucket)
    absent = S3Store(replace(storage, bucket="no-such-bucket"))
    return Place(S3Store(storage), absent, lambda: leftovers(server, bucket))


def leftovers(server: S3Server, bucket: str) -> list[str]:
    """Return what is left of unfinished work in a bucket: uploads, segments, servers' own files."""
    client = server.client()
    uploads: Sequence[MultipartUploadTypeDef] = ()
    with suppress(client.exceptions.NoSuchUpload):  # rclone's answer before the first upload
        uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
    objects = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    unknown = [found["Key"] for found in objects if ".segment-" in found["Key"]]
    temporary = [] if server.folder is None else server.folder.glob(f"{bucket}/**/.rclone_temp*")
    return [*(upload["Key"] for upload in uploads), *unknown, *map(str, temporary)]


@contextmanager
def reached_through_proxy(server: S3Server) -> Iterator[Reached]:
    """Yield a bucket whose server is reached through a proxy."""
    bucket = server.make_bucket()
    with proxying(server.port) as proxy:
        yield Reached(server, proxy, server.at(proxy.port).storage(bucket))


def make_old(server: S3Server, bucket: str, key: str) -> None:
    """Have an object of a server that keeps them on disk look a day old."""
    assert server.folder is not None
    long_ago = time.time() - 86400
    os.utime(server.folder / bucket / key, (long_ago, long_ago))
    client = server.client()
    until(
        lambda: (
            client.head_object(Bucket=bucket, Key=key)["LastModified"].timestamp() < long_ago + 1
        ),
        "the server to see the file's new time",
    )

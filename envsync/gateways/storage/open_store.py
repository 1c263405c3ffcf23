"""The store for a place of the inventory."""

from importlib import import_module
from typing import cast

from envsync.gateways.storage.file import FileStore
from envsync.gateways.storage.rsync import RsyncStore
from envsync.gateways.storage.s3 import S3Store
from envsync.gateways.storage.store import Store
from envsync.places import (
    FileStorage,
    RsyncDaemon,
    RsyncShell,
    S3Storage,
    SnapshotRepository,
    Storage,
)


def open_store(storage: Storage) -> Store:
    """Return the store for a storage; nothing is asked of it yet."""
    match storage:
        case S3Storage():
            return S3Store(storage)
        case FileStorage():
            return FileStore(storage)
        case RsyncDaemon() | RsyncShell():
            return RsyncStore(storage)
        case SnapshotRepository():
            # Its client libraries are loaded only where there is a search cluster.
            module = import_module("envsync.gateways.elasticsearch.store")
            return cast("Store", module.SnapshotStore(storage))

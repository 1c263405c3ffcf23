"""The store for a place of the inventory; libraries of services are loaded where one is used."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from envsync.gateways.storage.file import FileStore
from envsync.gateways.storage.rsync import RsyncStore
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
            return _loaded("envsync.gateways.storage.s3").S3Store(storage)
        case FileStorage():
            return FileStore(storage)
        case RsyncDaemon() | RsyncShell():
            return RsyncStore(storage)
        case SnapshotRepository():
            return _loaded("envsync.gateways.elasticsearch.store").SnapshotStore(storage)


class _Module(Protocol):
    S3Store: Callable[[S3Storage], Store]
    SnapshotStore: Callable[[SnapshotRepository], Store]


def _loaded(name: str) -> _Module:
    return cast("_Module", import_module(name))

"""Streams a file, and notices if it is written to meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from envsync.errors import CommandError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.file_writer import told
from envsync.gateways.storage.store import MIB


@contextmanager
def reading(path: Path, scope: Scope) -> Iterator[Iterator[bytes]]:
    """Yield a file's bytes as they are asked for; raises CommandError if they change meanwhile."""
    with told(f"read {path}"):
        file = FileIO(path)
    with file:
        yield _chunks(file, path, scope)


def _chunks(file: FileIO, path: Path, scope: Scope) -> Iterator[bytes]:
    before = os.fstat(file.fileno())
    count = 0
    while chunk := _read(file, path):
        scope.check()
        count += len(chunk)
        yield chunk
    after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns, count) != (
        after.st_size,
        after.st_mtime_ns,
        before.st_size,
    ):
        raise CommandError(
            f"cannot read {path}: it is no longer the file of {before.st_size} bytes "
            "that was there at first; start again"
        )


def _read(file: FileIO, path: Path) -> bytes:
    with told(f"read {path}"):
        return file.read(MIB)

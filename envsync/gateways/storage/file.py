"""A folder as a store, usually on a shared file system."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from envsync.errors import CommandError, RefusedError
from envsync.facts.shelf import UNPROTECTED, Protection
from envsync.gateways.scope import Scope
from envsync.gateways.storage.file_reader import reading
from envsync.gateways.storage.file_writer import (
    appearing,
    is_partial,
    is_partial_of,
    sync_folder,
    told,
)
from envsync.gateways.storage.store import (
    MIB,
    SMALL_OBJECT_BYTES,
    StoredObject,
    Writer,
    gather,
    no_key,
    refuse_no_key,
)
from envsync.places import FileStorage


class FileStore:
    """Files below a folder, which must be there: an absent mount is never filled by mistake."""

    def __init__(self, storage: FileStorage) -> None:
        self._storage = storage
        self._root = Path(storage.directory)

    @property
    def url(self) -> str:
        return self._storage.url

    def part_bytes(self, expected_bytes: int) -> int:
        """Return what is written at once; a file has no parts, however large it will be."""
        return min(MIB, max(1, expected_bytes))

    @contextmanager
    def writer(self, key: str, part_bytes: int, scope: Scope) -> Iterator[Writer]:
        del part_bytes  # every write goes to the file as it comes
        path = self._path(key)
        with told(f"write {path}"):
            self._make_folder(path.parent)
        with appearing(path, scope) as writer:
            yield writer

    @contextmanager
    def read(self, key: str, scope: Scope) -> Iterator[Iterator[bytes]]:
        with reading(self._path(key), scope) as chunks:
            yield chunks

    def keys(self, prefix: str) -> Iterator[StoredObject]:
        for path, status in self._files(prefix):
            if not is_partial(path.name):
                written = datetime.fromtimestamp(status.st_mtime, UTC)
                yield StoredObject(self._key(path), status.st_size, written)

    def put(self, key: str, body: bytes) -> None:
        with self.writer(key, len(body), Scope()) as writer:
            writer.write(body)

    def get(self, key: str, limit: int = SMALL_OBJECT_BYTES) -> bytes:
        with self.read(key, Scope()) as chunks:
            return gather(chunks, key, limit)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with told(f"delete {path}"):
            path.unlink(missing_ok=True)

    def protection(self, key: str) -> Protection:
        """Nothing keeps a file that its folder lets go."""
        del key
        return UNPROTECTED

    def free_bytes(self) -> int | None:
        with told(f"use the storage {self.url}"):
            room = os.statvfs(self._root)
        return room.f_bavail * room.f_frsize

    def verify_room(self, size: int) -> None:
        """Nothing is in the way: what is read goes straight to the reader."""

    def verify_writable(self, folder: str = "") -> None:
        wanted = self._path(folder) if folder else self._root
        nearest = next((path for path in (wanted, *wanted.parents) if path.exists()), self._root)
        try:
            self._verify_there(f"write below {wanted}")
            with told(f"write below {wanted}"):
                tempfile.TemporaryFile(dir=nearest).close()
        except CommandError as error:
            raise RefusedError(
                f"{error}; name a folder that exists and that this user may write"
            ) from error

    def sweep(self, prefix: str, older_than: timedelta) -> tuple[str, ...]:
        before = time.time() - older_than.total_seconds()
        partial = (path for path, _ in self._files(prefix) if is_partial(path.name))
        with told(f"sweep {self.url}"):
            stale = [path for path in partial if _written(path) < before]
            for path in stale:
                path.unlink(missing_ok=True)
        return tuple(self._key(path) for path in stale)

    def clear_up(self, key: str) -> None:
        whole = self._path(key)
        with told(f"clear up beside {whole}"):
            for path in whole.parent.iterdir() if whole.parent.is_dir() else ():
                if is_partial_of(path.name, whole.name):
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        """Return where an object lies; raises CommandError for a key that is not one below."""
        refuse_no_key(key, self.url)
        path = self._root.joinpath(*key.split("/"))
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise no_key(key, self.url)
        return path

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _verify_there(self, what: str) -> None:
        if not self._root.is_dir():
            raise CommandError(f"cannot {what}: there is no folder {str(self._root)!r}")

    def _make_folder(self, folder: Path) -> None:
        self._verify_there(f"write below {folder}")
        below = folder.relative_to(self._root)
        for part in (*reversed(below.parents), below):
            if not (self._root / part).is_dir():
                (self._root / part).mkdir(mode=0o700, exist_ok=True)
                sync_folder((self._root / part).parent)

    def _files(self, prefix: str) -> list[tuple[Path, os.stat_result]]:
        """Return the files under a prefix with what they are, in the order of their keys."""
        self._verify_there(f"list {self.url}")
        folder = prefix.rpartition("/")[0]
        top = self._path(folder) if folder else self._root
        with told(f"list {self.url}"):
            found = list(_walk(top)) if top.is_dir() else []
        matching = [each for each in found if self._key(each[0]).startswith(prefix)]
        return sorted(matching, key=lambda file: os.fsencode(self._key(file[0])))


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                # Another push renames its upload, or gives it up, while we look.
                with suppress(FileNotFoundError):
                    yield Path(entry.path), entry.stat()


def _written(path: Path) -> float:
    """Return when a file was last written, in seconds since 1970; now if it is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()

"""An rsync daemon's module, or a folder behind SSH, as a store: files pass through a spool."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.facts.shelf import UNPROTECTED, Protection
from envsync.gateways.scope import Scope
from envsync.gateways.storage import spool
from envsync.gateways.storage.file_reader import reading
from envsync.gateways.storage.file_writer import FileWriter, told
from envsync.gateways.storage.rsync_listing import PROBE, SUFFIX_LENGTH, Listed, listed
from envsync.gateways.storage.rsync_program import Rsync
from envsync.gateways.storage.store import (
    MIB,
    SMALL_OBJECT_BYTES,
    StoredObject,
    Writer,
    refuse_no_key,
)
from envsync.places import RsyncStorage

_SENDING = ("--ignore-existing", "--whole-file", "--fsync", "--out-format=%i")
_SENT = b"<f"
"""How the line of a file begins that was sent (rsync manual, --itemize-changes)."""

_LARGER = "temppath: or TMPDIR"


class RsyncStore:
    """Files that rsync carries; the receiver writes to a hidden name and renames it at the end.

    rsync cannot read a stream: what is written, and what is read, takes as much temporary disk.
    """

    def __init__(self, storage: RsyncStorage) -> None:
        self._storage = storage
        self._rsync = Rsync(storage)

    @property
    def url(self) -> str:
        return self._storage.url

    def part_bytes(self, expected_bytes: int) -> int:
        """Return what is written to the spool at once."""
        return min(MIB, max(1, expected_bytes))

    @contextmanager
    def writer(self, key: str, part_bytes: int, scope: Scope) -> Iterator[Writer]:
        del part_bytes  # every write goes to the spool as it comes
        refuse_no_key(key, self.url)
        if self._find(key, "write", scope):
            raise self._exists(key)
        with self._sending(key, scope) as (writer, file):
            yield writer
            size = file.stat().st_size
        found = self._find(key, "write", scope)
        if found is None or found.bytes != size:
            there = "nothing is there" if found is None else f"{found.bytes} bytes are there"
            raise CommandError(
                f"cannot write {self.url}/{key}: {size} bytes were sent and {there}; find out who "
                "else writes to this storage"
            )

    @contextmanager
    def read(self, key: str, scope: Scope) -> Iterator[Iterator[bytes]]:
        with self._fetched(key, None, scope) as file, reading(file, scope) as chunks:
            yield chunks

    def keys(self, prefix: str) -> Iterator[StoredObject]:
        for found in self._listed(prefix, Scope()):
            if not found.unfinished:
                yield StoredObject(found.key, found.bytes, found.modified)

    def put(self, key: str, body: bytes) -> None:
        refuse_no_key(key, self.url)
        if self._find(key, "write", Scope()):
            raise self._exists(key)
        self._put(key, body)

    def get(self, key: str, limit: int = SMALL_OBJECT_BYTES) -> bytes:
        with self._fetched(key, limit, Scope()) as file:
            return file.read_bytes()

    def delete(self, key: str) -> None:
        refuse_no_key(key, self.url)
        if self._find(key, "delete", Scope()):
            self._remove(key)

    def protection(self, key: str) -> Protection:
        """Tell nothing: rsync knows of no more than that a file does not go."""
        del key
        return UNPROTECTED

    def free_bytes(self) -> int | None:
        """Return the room for spools: that of the other side is not known to rsync."""
        return spool.free_bytes(spool.folder(self._storage))

    def verify_room(self, size: int) -> None:
        where = spool.folder(self._storage)
        free = spool.free_bytes(where)
        if size > free:
            raise RefusedError(
                f"no space in {str(where)!r}, where an artefact of {self.url} is spooled: "
                f"{size / MIB:,.1f} MiB are needed and {free / MIB:,.1f} MiB are free; make room, "
                f"or name a larger one as {_LARGER}"
            )

    def verify_writable(self, folder: str = "") -> None:
        spool.free_bytes(spool.folder(self._storage))
        name = f"{PROBE}{uuid4().hex}"
        try:
            probe = f"{folder}/{name}" if self._is_there(folder) and folder else name
            self._put(probe, b"")
            self._remove(probe)
        except UnavailableError:
            raise
        except CommandError as error:
            raise RefusedError(f"the storage {self.url} cannot be written: {error}") from error

    def sweep(self, prefix: str, older_than: timedelta) -> tuple[str, ...]:
        before = datetime.now(UTC) - older_than
        stale = [
            found.key
            for found in self._listed(prefix, Scope())
            if found.unfinished and found.modified < before
        ]
        for key in stale:
            self._remove(key)
        return tuple(stale)

    def clear_up(self, key: str) -> None:
        folder, slash, name = key.rpartition("/")
        begun = f"{folder}{slash}.{name}."
        for found in self._listed(begun, Scope()):
            if found.unfinished and len(found.key) == len(begun) + SUFFIX_LENGTH:
                self._remove(found.key)

    @contextmanager
    def _sending(self, key: str, scope: Scope) -> Iterator[tuple[FileWriter, Path]]:
        """Yield a writer to the spool, which is sent at the end; what is there is left as it is."""
        with self._spooling() as folder:
            file = _place(folder, key)
            with _created(file) as descriptor:
                yield FileWriter(descriptor, f"the spool {file}", scope, _LARGER), file
            said = self._rsync.send("write", key, str(folder), _SENDING, scope)
        if not any(line.startswith(_SENT) for line in said.splitlines()):
            raise self._exists(key)

    def _put(self, key: str, body: bytes) -> None:
        """Write to a storage that has been seen: rsync would make a folder that is not there."""
        with self._sending(key, Scope()) as (writer, _):
            writer.write(body)

    def _remove(self, key: str) -> None:
        """Delete what is there: what a sender was to send and has not, the receiver deletes."""
        with self._spooling() as folder:
            _place(folder, key)
            self._rsync.send("delete", key, str(folder), ("--delete-missing-args",), Scope())

    @contextmanager
    def _fetched(self, key: str, limit: int | None, scope: Scope) -> Iterator[Path]:
        refuse_no_key(key, self.url)
        options = () if limit is None else (f"--max-size={limit}",)
        with self._spooling() as folder:
            self._rsync.fetch(key, str(folder), options, scope)
            file = folder / key
            if not file.is_file():
                larger = (
                    ""
                    if limit is None
                    else f"larger than the {limit} bytes that are read at once, or "
                )
                raise CommandError(f"cannot read {self.url}/{key}: it is {larger}no plain file")
            yield file

    def _listed(self, prefix: str, scope: Scope) -> list[Listed]:
        """Return the files under a prefix, in the order of their keys."""
        folder = prefix.rpartition("/")[0]
        if folder:
            refuse_no_key(folder, self.url)
        said = self._rsync.list("list", folder, ("--recursive",), scope)
        found = (one for one in listed(said, self.url) if one.key.startswith(prefix))
        return sorted(found, key=lambda one: os.fsencode(one.key))

    def _find(self, key: str, what: str, scope: Scope) -> Listed | None:
        found = listed(self._rsync.list(what, key, (), scope), self.url)
        return next((one for one in found if one.key == key), None)

    def _is_there(self, folder: str) -> bool:
        if folder:
            refuse_no_key(folder, self.url)
        return bool(self._rsync.list("write", folder, ("--dirs",), Scope()))

    def _spooling(self) -> AbstractContextManager[Path]:
        return spool.spooling(spool.folder(self._storage))

    def _exists(self, key: str) -> CommandError:
        return CommandError(
            f"cannot write {self.url}/{key}: there is a file already, and none is overwritten; "
            "delete it or write under another key"
        )


def _place(folder: Path, key: str) -> Path:
    """Make the folders a key lies in; those that rsync makes there get their modes."""
    *parents, name = key.split("/")
    for parent in parents:
        folder /= parent
        folder.mkdir(mode=0o700)
    return folder / name


@contextmanager
def _created(file: Path) -> Iterator[int]:
    with told(f"write the spool {file}", _LARGER):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

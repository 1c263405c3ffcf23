"""What every storage can do, whether it is a bucket or a folder."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from envsync.errors import CommandError
from envsync.facts.shelf import Protection
from envsync.gateways.scope import Scope

MIB = 1024 * 1024
SMALL_OBJECT_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A whole object in a storage; an upload in progress is none.

    `written` is when it was last written, as the storage says; None where it does not.
    """

    key: str
    bytes: int
    written: datetime | None = field(default=None, compare=False)


class Writer(Protocol):
    """Takes an object's bytes in order."""

    def write(self, data: bytes) -> None:
        """Take the next bytes; blocks while the storage is slower than the caller."""


class Store(Protocol):
    """A storage of immutable objects: what is there is never overwritten."""

    @property
    def url(self) -> str: ...

    def part_bytes(self, expected_bytes: int) -> int:
        """Return the size of parts a writer should be given for a stream of about that size."""

    def writer(self, key: str, part_bytes: int, scope: Scope) -> AbstractContextManager[Writer]:
        """Stream an object in bounded memory; it appears only if the block ends without error."""

    def read(self, key: str, scope: Scope) -> AbstractContextManager[Iterator[bytes]]:
        """Stream an object in order and in bounded memory.

        A dropped connection is taken up again where it broke. Raises CommandError for an object
        that is missing, that changes meanwhile, or that is shorter than announced.
        """

    def keys(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the whole objects whose keys begin with a prefix, in the order of their keys."""

    def put(self, key: str, body: bytes) -> None:
        """Write a small object at once; it appears whole or not at all."""

    def get(self, key: str, limit: int = SMALL_OBJECT_BYTES) -> bytes:
        """Return a small object; raises CommandError if it is missing or larger than the limit."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def protection(self, key: str) -> Protection:
        """Tell what keeps an object from going, though it is deleted.

        Raises CommandError where that may not be asked.
        """

    def free_bytes(self) -> int | None:
        """Return the room for the next object; None where there is always more."""

    def verify_room(self, size: int) -> None:
        """Raise RefusedError where reading so many bytes takes room here that is not there."""

    def verify_writable(self, folder: str = "") -> None:
        """Raise RefusedError unless objects can be written below a folder; leaves no trace."""

    def sweep(self, prefix: str, older_than: timedelta) -> tuple[str, ...]:
        """Remove what killed runs of envsync left under a prefix, and name the keys it was for."""

    def clear_up(self, key: str) -> None:
        """Remove what a writer of one object, known to be dead, has begun; not the object."""


def gather(chunks: Iterable[bytes], key: str, limit: int) -> bytes:
    """Return a small object's chunks as one; raises CommandError once they pass the limit."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise CommandError(f"{key!r} is larger than the {limit} bytes that are read at once")
    return bytes(body)


def refuse_no_key(key: str, url: str) -> None:
    """Raise CommandError unless a key names a file below a folder, wherever that is."""
    names = key.split("/")
    if "\0" in key or not all(names) or {".", ".."}.intersection(names):
        raise no_key(key, url)


def no_key(key: str, url: str) -> CommandError:
    """Return what is said of a key that names nothing below a folder."""
    return CommandError(
        f"{key!r} is no key for {url}; "
        "a key is names with single slashes between them, none of them '.' or '..'"
    )

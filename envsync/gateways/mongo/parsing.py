"""The archive format of mongodump --archive, read block by block in bounded memory."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bson import decode
from bson.errors import BSONError
from fastcrc import crc64

from envsync.errors import CommandError
from envsync.gateways.mongo.archive import MAGIC, TERMINATOR, Entry, Header, signed

LARGEST_DOCUMENT = 16 * 2**20 + 16 * 2**10
"""Bytes of the largest document a server stores (BSONObjMaxInternalSize)."""
SMALLEST_DOCUMENT = 5
_SIZE = struct.Struct("<i").unpack_from
_TERMINATOR = -1


@dataclass(frozen=True, slots=True)
class Documents:
    """Whole documents of one collection, one after the other."""

    collection: str
    raw: bytes
    count: int


@dataclass(frozen=True, slots=True)
class End:
    """A collection has no more documents."""

    collection: str


class Archive:
    """An archive of one database, read once: first what it announces, then its documents.

    Raises CommandError where the stream is not such an archive, or not a whole one.
    """

    def __init__(self, blocks: Iterator[bytes], database: str) -> None:
        self._blocks = blocks
        self._database = database
        self._data = b""
        self._at = 0
        self._need(len(MAGIC))
        if self._take(len(MAGIC)) != MAGIC:
            raise _damaged("it does not begin as one")
        header = _decoded(self._document())
        self.header = Header(
            int(str(header.get("concurrent_collections", 1))),
            str(header.get("server_version", "")),
            str(header.get("tool_version", "")),
        )
        self.entries = tuple(self._entries())

    def _entries(self) -> Iterator[Entry]:
        while not self._terminated():
            found = _decoded(self._document())
            entry = Entry(
                str(found.get("db", "")),
                str(found.get("collection", "")),
                str(found.get("metadata", "")),
                str(found.get("type") or "collection"),
            )
            if entry.database == self._database:
                yield entry

    def content(self) -> Iterator[Documents | End]:
        """Yield the documents as they come; the checksum of each collection is verified."""
        checksums: dict[str, int] = {}
        while self._more():
            header = _decoded(self._document())
            name = str(header.get("collection", ""))
            mine = header.get("db") == self._database
            for found in self._run(name):
                checksums[name] = crc64.xz(found.raw, checksums.get(name, 0))
                if mine:
                    yield found
            if header.get("EOF"):
                if signed(checksums.pop(name, 0)) != header.get("CRC"):
                    raise _damaged(f"the checksum of {name!r} differs")
                if mine:
                    yield End(name)
        if checksums:
            raise _damaged(f"it ends in the middle of {min(checksums)!r}")

    def _run(self, collection: str) -> Iterator[Documents]:
        """Yield the documents of a segment, as many at once as are there."""
        while True:
            self._need(4)
            start = at = self._at
            data, size_of = self._data, _SIZE
            last = len(data) - 4
            count = 0
            while at <= last:
                size = size_of(data, at)[0]
                if size < SMALLEST_DOCUMENT or at + size > len(data):
                    break
                at += size
                count += 1
            if count:
                self._at = at
                yield Documents(collection, data[start:at], count)
            elif self._terminated():
                return
            else:
                self._need(self._size())

    def _document(self) -> bytes:
        self._need(4)
        size = self._size()
        self._need(size)
        return self._take(size)

    def _size(self) -> int:
        size: int = _SIZE(self._data, self._at)[0]
        if not SMALLEST_DOCUMENT <= size <= LARGEST_DOCUMENT:
            raise _damaged(f"a document of {size} bytes is none")
        return size

    def _terminated(self) -> bool:
        """Tell whether a terminator is next, and pass it."""
        self._need(4)
        found: bool = _SIZE(self._data, self._at)[0] == _TERMINATOR
        if found:
            self._take(len(TERMINATOR))
        return found

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken

    def _more(self) -> bool:
        """Tell whether anything follows."""
        while self._at >= len(self._data):
            block = next(self._blocks, b"")
            if not block:
                return False
            self._data, self._at = block, 0
        return True

    def _need(self, size: int) -> None:
        """Have so many bytes at hand."""
        parts = [self._data[self._at :]]
        missing = size - len(parts[0])
        if missing <= 0:
            return
        while missing > 0:
            block = next(self._blocks, b"")
            if not block:
                raise _damaged("it ends too early")
            parts.append(block)
            missing -= len(block)
        self._data, self._at = b"".join(parts), 0


def count(raw: bytes) -> int:
    """Return how many documents follow one another."""
    at = found = 0
    size_of, end = _SIZE, len(raw)
    while at < end:
        at += size_of(raw, at)[0]
        found += 1
    return found


def _decoded(raw: bytes) -> dict[str, object]:
    try:
        return decode(raw)
    except BSONError as error:
        raise _damaged("a header of it is not BSON") from error


def _damaged(how: str) -> CommandError:
    return CommandError(
        f"the artefact does not hold an archive of mongodump: {how}; nothing was promoted"
    )

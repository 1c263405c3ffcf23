"""The archive format of mongodump --archive, written: mongo-tools, common/archive/spec.md.

A magic number, a header and one document per collection up to a terminator; then segments, each a
header that names a collection, documents of it, a terminator. The last segment of a collection
holds no documents: its header says EOF, and the CRC-64 of all its documents.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bson import encode
from bson.int64 import Int64
from fastcrc import crc64

MAGIC = (0x8199E26D).to_bytes(4, "little")
TERMINATOR = b"\xff\xff\xff\xff"
FORMAT_VERSION = "0.1"
_SIGNED = 1 << 63


@dataclass(frozen=True, slots=True)
class Header:
    """Who wrote the archive, of which server, and how many collections at once."""

    concurrent: int
    server_version: str
    tool_version: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A collection as the archive announces it; `metadata` is canonical extended JSON."""

    database: str
    collection: str
    metadata: str
    kind: str = "collection"
    size: int = 0


def prelude(header: Header, entries: Iterable[Entry]) -> bytes:
    """Return the archive's beginning, which announces all collections."""
    parts = [
        MAGIC,
        encode(
            {
                "concurrent_collections": header.concurrent,
                "version": FORMAT_VERSION,
                "server_version": header.server_version,
                "tool_version": header.tool_version,
            }
        ),
        *(
            encode(
                {
                    "db": entry.database,
                    "collection": entry.collection,
                    "metadata": entry.metadata,
                    "size": entry.size,
                    "type": entry.kind,
                }
            )
            for entry in entries
        ),
        TERMINATOR,
    ]
    return b"".join(parts)


class Namespace:
    """One collection's data on its way into the archive; its checksum is that of all segments."""

    def __init__(self, database: str, collection: str) -> None:
        self._database = database
        self._collection = collection
        self._crc = 0

    def segment(self, documents: bytes) -> Iterator[bytes]:
        """Yield a segment of documents that follow one another."""
        self._crc = crc64.xz(documents, self._crc)
        yield self._header(eof=False, crc=0)
        yield documents
        yield TERMINATOR

    def end(self) -> bytes:
        """Return the segment that ends the collection."""
        return self._header(eof=True, crc=signed(self._crc)) + TERMINATOR

    def _header(self, *, eof: bool, crc: int) -> bytes:
        return encode(
            {
                "db": self._database,
                "collection": self._collection,
                "EOF": eof,
                "CRC": Int64(crc),
            }
        )


def signed(crc: int) -> int:
    """Return a checksum as the signed number that BSON has room for."""
    return crc - 2 * _SIGNED if crc >= _SIGNED else crc

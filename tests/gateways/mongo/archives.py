"""mongodump's archive format once more, by its documentation alone: mongo-tools, archive/spec.md.

Written for the tests and sharing nothing with envsync, CRC-64 included (ECMA-182, reflected, as Go's
crc64.ECMA and xz have it).
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bson

MAGIC = b"\x6d\xe2\x99\x81"
END = b"\xff\xff\xff\xff"
_POLYNOMIAL = 0xC96C5795D7870F42


def _table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _table()


def checksum(content: bytes) -> int:
    """Return the CRC-64 of some bytes, as the signed number the format stores."""
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFFFFFFFFFF
    return crc - (1 << 64) if crc >> 63 else crc


@dataclass(slots=True)
class Read:
    """What an archive holds."""

    header: Mapping[str, Any]
    metadata: Sequence[Mapping[str, Any]]
    documents: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    ended: list[tuple[str, str]] = field(default_factory=list)


def read(archive: bytes) -> Read:
    """Read an archive strictly: whatever its documentation does not allow fails."""
    stream = io.BytesIO(archive)
    assert stream.read(4) == MAGIC
    header, *metadata = map(bson.decode, _block(stream))
    found = Read(header, metadata)
    assert set(header) == {"concurrent_collections", "version", "server_version", "tool_version"}
    assert isinstance(header["concurrent_collections"], int)
    assert header["version"] == "0.1"
    while stream.tell() < len(archive):
        first, *documents = _block(stream)
        namespace = bson.decode(first)
        assert list(namespace) == ["db", "collection", "EOF", "CRC"]
        assert isinstance(namespace["CRC"], bson.Int64)
        name = namespace["db"], namespace["collection"]
        assert name not in found.ended
        if namespace["EOF"]:
            assert documents == []
            content = b"".join(found.documents.setdefault(name, []))
            assert namespace["CRC"] == checksum(content)
            found.ended.append(name)
        else:
            assert (namespace["CRC"], bool(documents)) == (0, True)
            found.documents.setdefault(name, []).extend(documents)
    assert set(found.ended) == set(found.documents)
    return found


def _block(stream: io.BytesIO) -> list[bytes]:
    """Return the documents up to a terminator."""
    found = []
    while (size := stream.read(4)) != END:
        assert len(size) == 4
        rest = stream.read(int.from_bytes(size, "little") - 4)
        assert rest[-1:] == b"\0"
        found.append(size + rest)
    return found


def write(
    database: str, metadata: Mapping[str, str], segments: Iterable[tuple[str, list[dict[str, Any]]]]
) -> bytes:
    """Write an archive as mongodump does: collections interleaved, each ended once it is whole."""
    header = {
        "concurrent_collections": 4,
        "version": "0.1",
        "server_version": "6.0.5",
        "tool_version": "100.9.4",
    }
    parts = [MAGIC, bson.encode(header)]
    for name, text in metadata.items():
        described = {"db": database, "collection": name, "metadata": text, "size": 0}
        parts.append(bson.encode({**described, "type": "collection"}))
    parts.append(END)
    whole: dict[str, bytes] = dict.fromkeys(metadata, b"")
    for name, documents in segments:
        raw = b"".join(map(bson.encode, documents))
        whole[name] += raw
        parts += [_header(database, name, eof=False, crc=0), raw, END]
    for name, raw in whole.items():
        parts += [_header(database, name, eof=True, crc=checksum(raw)), END]
    return b"".join(parts)


def _header(database: str, name: str, *, eof: bool, crc: int) -> bytes:
    return bson.encode({"db": database, "collection": name, "EOF": eof, "CRC": bson.Int64(crc)})

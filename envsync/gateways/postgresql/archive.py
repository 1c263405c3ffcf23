"""The beginning of a pg_dump archive in custom format: its header and its table of contents.

The layout is that of PostgreSQL's pg_backup_archiver.c (ReadHead, ReadToc) and pg_backup_custom.c,
archive versions 1.12 (PostgreSQL 9.0) to 1.16 (18).
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from envsync.errors import CommandError

CONTENTS_LIMIT = 64 * 2**20
"""No table of contents is larger than this, in bytes: that is some 100,000 tables."""
OLDEST = (1, 12)
NEWEST = (1, 16)

_MAGIC = b"PGDMP"
_CUSTOM_FORMAT = 1
_DATE_PARTS = 7
_WITH_TABLE_ACCESS_METHOD = (1, 14)
_WITH_COMPRESSION_ALGORITHM = (1, 15)
_WITH_RELATION_KIND = (1, 16)
_WIDEST_INTEGER = 8
_ENCODING_NAME = re.compile(r"'([^']*)'")


class Section(IntEnum):
    """When an entry is restored: before the rows, as rows, or after them."""

    NONE = 1
    BEFORE = 2
    ROWS = 3
    AFTER = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the table of contents; `section` is never NONE, it follows what it describes."""

    dump_id: int
    description: str
    tag: str
    section: Section
    namespace: str
    owner: str
    definition: str
    copy_statement: str
    dependencies: tuple[int, ...]

    def __str__(self) -> str:
        name = f"{self.namespace}.{self.tag}" if self.namespace else self.tag
        return f"{self.description} {name}"


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive says it holds. Its texts turn back into its bytes by `encoded`."""

    header_and_contents: bytes
    version: tuple[int, int]
    codec: str
    database: str
    server_version: str
    dump_version: str
    entries: tuple[Entry, ...]

    def encoded(self, text: str) -> bytes:
        return text.encode(self.codec, "surrogateescape")


def read_archive(source: Iterator[bytes]) -> tuple[Archive, Iterator[bytes]]:
    """Read an archive up to its rows; returns what it holds and the bytes that follow.

    Raises CommandError for what is no such archive, or ends too early.
    """
    reader = _Reader(source)
    try:
        archive = _read(reader)
    except (ValueError, OverflowError) as error:
        raise CommandError(f"the archive's table of contents is damaged: {error}") from error
    return archive, reader.rest()


def _read(reader: "_Reader") -> Archive:
    version = _read_version(reader)
    if version >= _WITH_COMPRESSION_ALGORITHM:
        reader.take(1)
    else:
        reader.integer()
    for _ in range(_DATE_PARTS):
        reader.integer()
    database, server_version, dump_version = (reader.text() for _ in range(3))
    entries = tuple(_read_entries(reader, version))
    return Archive(
        header_and_contents=reader.taken,
        version=version,
        codec=reader.codec,
        database=database,
        server_version=server_version,
        dump_version=dump_version,
        entries=entries,
    )


def _read_version(reader: "_Reader") -> tuple[int, int]:
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise CommandError("this is not a pg_dump archive; pg_dump --format=custom makes one")
    major, minor, _, reader.integer_bytes, reader.offset_bytes, kind = reader.take(6)
    if not OLDEST <= (major, minor) <= NEWEST:
        raise CommandError(
            f"the archive is of version {major}.{minor}; versions {_dotted(OLDEST)} to "
            f"{_dotted(NEWEST)} can be read, which pg_dump 9 to 18 write"
        )
    if kind != _CUSTOM_FORMAT:
        raise CommandError("the archive is not in custom format; pg_dump --format=custom makes one")
    if max(reader.integer_bytes, reader.offset_bytes) > _WIDEST_INTEGER:
        raise ValueError("integers of more than 64 bits")
    return major, minor


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _read_entries(reader: "_Reader", version: tuple[int, int]) -> Iterator[Entry]:
    section = Section.BEFORE
    for _ in range(reader.integer()):
        entry = _read_entry(reader, version, section)
        section = entry.section
        if entry.description == "ENCODING":
            reader.codec = _codec(entry.definition)
        yield entry


def _read_entry(reader: "_Reader", version: tuple[int, int], before: Section) -> Entry:
    dump_id, _had_rows = reader.integer(), reader.integer()
    _catalogue, _oid, tag, description = (reader.text() for _ in range(4))
    section = Section(reader.integer())
    definition, _drop, copy_statement, namespace, _tablespace = (reader.text() for _ in range(5))
    if version >= _WITH_TABLE_ACCESS_METHOD:
        reader.text()
    if version >= _WITH_RELATION_KIND:
        reader.integer()
    owner, _with_oids = reader.text(), reader.text()
    dependencies = tuple(_read_dependencies(reader))
    # Where the entry's rows begin: a state, and an offset.
    reader.take(1 + reader.offset_bytes)
    return Entry(
        dump_id=dump_id,
        description=description,
        tag=tag,
        section=before if section == Section.NONE else section,
        namespace=namespace,
        owner=owner,
        definition=definition,
        copy_statement=copy_statement,
        dependencies=dependencies,
    )


def _read_dependencies(reader: "_Reader") -> Iterator[int]:
    while (text := reader.string()) is not None:
        yield int(text)


def _codec(definition: str) -> str:
    """Name Python's codec for a statement that sets client_encoding; UTF-8 where it has none."""
    found = _ENCODING_NAME.search(definition)
    try:
        return codecs.lookup(found[1].replace("WIN", "cp") if found else "utf-8").name
    except LookupError:
        return "utf-8"


class _Reader:
    """Reads the archive's primitive values, keeping every byte it has taken."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._buffer = bytearray()
        self._position = 0
        self.integer_bytes = 4
        self.offset_bytes = 8
        self.codec = "utf-8"

    @property
    def taken(self) -> bytes:
        return bytes(self._buffer[: self._position])

    def rest(self) -> Iterator[bytes]:
        """Yield what has not been taken, now and later."""
        yield bytes(self._buffer[self._position :])
        self._buffer.clear()
        yield from self._source

    def take(self, count: int) -> bytes:
        """Take so many bytes; raises CommandError where there are fewer, or too many in all."""
        end = self._position + count
        if end > CONTENTS_LIMIT:
            raise CommandError(
                f"the archive's table of contents is larger than {CONTENTS_LIMIT >> 20} MiB; "
                "either it is damaged or the database is too large for envsync"
            )
        while len(self._buffer) < end:
            try:
                self._buffer += next(self._source)
            except StopIteration:
                raise CommandError(
                    "the archive ends within its table of contents; push the database again"
                ) from None
        taken = bytes(self._buffer[self._position : end])
        self._position = end
        return taken

    def integer(self) -> int:
        """Take a sign and a number, the least significant byte first."""
        sign, *digits = self.take(1 + self.integer_bytes)
        number = int.from_bytes(bytes(digits), "little")
        return -number if sign else number

    def string(self) -> bytes | None:
        """Take a string; None where the archive says there is none."""
        length = self.integer()
        return None if length < 0 else self.take(length)

    def text(self) -> str:
        """Take a string as text; empty where the archive says there is none."""
        return (self.string() or b"").decode(self.codec, "surrogateescape")

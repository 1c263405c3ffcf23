"""Archives of mongodump are read whatever their blocks, and what is none is told."""

from collections.abc import Iterator
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.errors import CommandError
from envsync.gateways.mongo.archive import Entry, Header, Namespace, prelude
from envsync.gateways.mongo.parsing import Archive, Documents, End
from tests.gateways.mongo import archives

PEOPLE: list[dict[str, Any]] = [{"_id": n, "name": "n" * n} for n in range(100)]
TOWNS: list[dict[str, Any]] = [{"_id": n} for n in range(3)]
METADATA = {"people": '{"options":{},"indexes":[]}', "towns": "", "empty": ""}
SEGMENTS = [("people", PEOPLE[:50]), ("towns", TOWNS), ("people", PEOPLE[50:])]
ARCHIVE = archives.write("app", METADATA, SEGMENTS)


def cut(archive: bytes, size: int) -> Iterator[bytes]:
    return (archive[at : at + size] for at in range(0, len(archive), size))


def content(archive: bytes, size: int = 2**20, database: str = "app") -> dict[str, bytes]:
    """Return the documents of each collection that has ended."""
    found: dict[str, bytes] = {}
    ended = []
    for each in Archive(cut(archive, size), database).content():
        match each:
            case Documents(collection, raw, count):
                found[collection] = found.get(collection, b"") + raw
                assert len(bson.decode_all(raw)) == count
            case End(collection):
                ended.append(collection)
    return {name: found.get(name, b"") for name in ended}


@given(st.integers(1, 5000))
def test_an_archive_of_mongodump_is_read_whatever_its_blocks(size: int) -> None:
    assert {name: bson.decode_all(raw) for name, raw in content(ARCHIVE, size).items()} == {
        "people": PEOPLE,
        "towns": TOWNS,
        "empty": [],
    }


def test_what_is_announced_is_known_before_the_documents() -> None:
    archive = Archive(cut(ARCHIVE, 1000), "app")
    assert archive.header == Header(4, "6.0.5", "100.9.4")
    assert [each.collection for each in archive.entries] == ["people", "towns", "empty"]


def test_other_databases_of_an_archive_are_left_alone() -> None:
    assert content(ARCHIVE, database="another") == {}


def test_what_is_written_is_an_archive_by_the_documentation() -> None:
    entries = [Entry("app", "people", "{}"), Entry("app", "none", "{}")]
    people, none = Namespace("app", "people"), Namespace("app", "none")
    raw = [b"".join(map(bson.encode, part)) for part in (PEOPLE[:1], PEOPLE[1:])]
    blocks = [prelude(Header(2, "6.0.5", "envsync"), entries)]
    for part in raw:
        blocks += people.segment(part)
    blocks += [none.end(), people.end()]
    read = archives.read(b"".join(blocks))
    assert read.header["tool_version"] == "envsync"
    assert {name: b"".join(found) for name, found in read.documents.items()} == {
        ("app", "none"): b"",
        ("app", "people"): b"".join(raw),
    }


@pytest.mark.parametrize("end", [0, 3, 50, 400, len(ARCHIVE) // 2, len(ARCHIVE) - 1])
def test_an_archive_that_ends_too_early_is_told(end: int) -> None:
    with pytest.raises(CommandError, match="does not hold an archive of mongodump: it ends"):
        content(ARCHIVE[:end])


def test_a_document_that_was_altered_is_told_by_its_checksum() -> None:
    at = ARCHIVE.index(b"nnnnnnnn")
    altered = ARCHIVE[:at] + b"N" + ARCHIVE[at + 1 :]
    with pytest.raises(CommandError, match="the checksum of 'people' differs"):
        content(altered)


@pytest.mark.parametrize("garbage", [b"PGDMP" * 20, b"\0" * 100])
def test_what_is_no_archive_is_told(garbage: bytes) -> None:
    with pytest.raises(CommandError, match="it does not begin as one"):
        content(garbage)


def test_a_size_that_no_document_has_is_told() -> None:
    at = ARCHIVE.index(archives.END) + 4
    with pytest.raises(CommandError, match="a document of 2 bytes is none"):
        content(ARCHIVE[:at] + (2).to_bytes(4, "little") + ARCHIVE[at + 4 :])

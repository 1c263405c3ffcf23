"""What envsync writes is an archive of mongodump by its documentation, and it reads mongodump's."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from bson import ObjectId, json_util
from pymongo.collection import Collection

from tests.gateways.mongo import archives
from tests.live.mongo_site import PEOPLE, MongoSite

pytestmark = pytest.mark.live

Segment = tuple[str, list[dict[str, Any]]]


def _raw(collection: Collection[Any]) -> Iterator[bytes]:
    yield from collection.find_raw_batches()


def _archive(site: MongoSite) -> Path:
    (found,) = site.stored.rglob("*.archive.zst")
    return found


def test_the_artefact_is_an_archive_by_the_documentation(mongo_site: MongoSite) -> None:
    ran = mongo_site.run("push", "app", "--env", "production")
    assert ran.code == 0, ran.err
    with _archive(mongo_site).open("rb") as file:
        read = archives.read(zstandard.ZstdDecompressor().stream_reader(file).read())
    name = mongo_site.source
    with mongo_site.production.client() as client:
        stored = {
            each: b"".join(_raw(client[name][each]))
            for each in ("people", "log", "system.buckets.readings", "empty")
        }
    assert {each: b"".join(read.documents[name, each]) for each in stored} == stored
    assert {each["collection"]: each["type"] for each in read.metadata}["townsfolk"] == "view"
    people = next(each for each in read.metadata if each["collection"] == "people")
    described = json_util.loads(people["metadata"])
    assert [index["name"] for index in described["indexes"]] == [
        "_id_", "email_1", "some towns", "town_text"
    ]  # fmt: skip
    assert read.documents[name, "townsfolk"] == []


def test_an_archive_that_mongodump_wrote_is_pulled(mongo_site: MongoSite) -> None:
    mongo_site.run("push", "app", "--env", "production")
    people = [{"_id": n, "email": f"{n}@private.example", "town": "Dump"} for n in range(PEOPLE)]
    metadata = {
        "people": json.dumps(
            {
                "indexes": [
                    {"v": {"$numberInt": "2"}, "key": {"_id": {"$numberInt": "1"}}, "name": "_id_"},
                    {"v": {"$numberInt": "2"}, "key": {"town": {"$numberInt": "1"}}, "name": "t"},
                ],
                "uuid": "0" * 32,
                "collectionName": "people",
                "type": "collection",
            }
        ),
        "sessions": "",
    }
    segments: list[Segment] = [
        ("people", people[:200]),
        ("sessions", [{"_id": ObjectId()}]),
        ("people", people[200:]),
    ]
    plain = archives.write(mongo_site.source, metadata, segments)
    _replace(mongo_site, plain, {"people": PEOPLE, "sessions": 1})
    ran = mongo_site.run("pull", "app")
    assert ran.code == 0, ran.err
    assert [each["town"] for each in mongo_site.people()] == ["Dump"] * PEOPLE
    with mongo_site.integration.client() as client:
        assert set(client[mongo_site.target].people.index_information()) == {"_id_", "t"}


def _replace(site: MongoSite, plain: bytes, rows: dict[str, int]) -> None:
    """Put another archive in the artefact's place, with a manifest that describes it."""
    path = _archive(site)
    compressed = zstandard.compress(plain)
    path.write_bytes(compressed)
    manifest = path.with_name(f"{path.name}.manifest.json")
    described = {
        **json.loads(manifest.read_text()),
        "bytes": len(compressed),
        "bytes_uncompressed": len(plain),
        "sha256": hashlib.sha256(compressed).hexdigest(),
        "rows": rows,
        "outside_snapshot": [],
    }
    manifest.write_text(json.dumps(described))

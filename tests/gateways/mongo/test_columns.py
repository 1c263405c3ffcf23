"""Every field that any document has is found, with every type it has anywhere."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Regex, Timestamp
from bson.code import Code

from envsync.commands import Target
from envsync.errors import CommandError
from envsync.gateways.mongo.columns import DEEPEST, asked, columns, samples
from envsync.gateways.mongo.scanning import scanned
from envsync.gateways.mongo.session import connect
from envsync.gateways.scope import Scope
from envsync.places import Endpoint, Secret
from envsync.questions import SamplesQuestion
from tests.servers.mongod import ADMIN, Mongod

pytestmark = pytest.mark.live

PEOPLE: list[dict[str, Any]] = [
    {"_id": 1, "name": "Ada", "tags": ["a", 1], "address": {"town": "X", "geo": [1.5, 2.5]}},
    {"_id": Int64(2), "name": None, "tags": [], "address": {}, "orders": [{"n": 1}, {"n": "two"}]},
    {"_id": ObjectId(), "a.b": 1, "$c": True, "": "empty", "x*": [[1], [{"deep": [None]}]]},
    {"_id": "four", "address": "one line", "file": Binary(b"x"), "at": datetime.now(UTC)},
    {"_id": 5, "price": Decimal128("1.1"), "r": Regex("^a"), "t": Timestamp(1, 1), "j": Code("1")},
    {"_id": 6, "j": Code("1", {"y": 1}), "[]": 1, "back\\slash": 1},
]
FOUND = {
    "": ("string",),
    "$c": ("bool",),
    r"\[]": ("int",),
    "_id": ("int", "long", "objectId", "string"),
    r"a\.b": ("int",),
    "address": ("string",),
    "address.geo[]": ("double",),
    "address.town": ("string",),
    "at": ("date",),
    r"back\\slash": ("int",),
    "file": ("binData",),
    "j": ("javascript", "javascriptWithScope"),
    "name": ("null", "string"),
    "orders[].n": ("int", "string"),
    "price": ("decimal",),
    "r": ("regex",),
    "t": ("timestamp",),
    "tags[]": ("int", "string"),
    r"x\*[][]": ("int",),
    r"x\*[][].deep[]": ("null",),
}


@pytest.fixture(autouse=True)
def nothing_stays(scratch_mongo: Mongod) -> Iterator[None]:
    """Others look for what lies on the server."""
    yield
    with scratch_mongo.client() as client:
        client.drop_database("columns")


def _target(server: Mongod) -> Target:
    password = Secret("file", str(server.folder / "password"))
    endpoint = Endpoint("mongo", "127.0.0.1", server.port, ADMIN, password, tls="disable")
    return Target(endpoint, "columns")


def _filled(server: Mongod, documents: list[dict[str, Any]]) -> Target:
    with server.client() as client:
        client.drop_database("columns")
        client["columns"]["people"].insert_many(documents)
    return _target(server)


def test_each_field_is_found_by_its_path_with_all_its_types(scratch_mongo: Mongod) -> None:
    target = _filled(scratch_mongo, PEOPLE)
    assert columns(target, Scope()) == {"people": FOUND}


def test_a_server_that_cannot_tell_fields_is_read_to_the_same_end(scratch_mongo: Mongod) -> None:
    nested: dict[str, Any] = {"_id": 9}
    for _ in range(DEEPEST + 3):
        nested = {"in": nested, "list": [nested.get("list", 1)]}
    target = _filled(scratch_mongo, [*PEOPLE, nested])
    with connect(target.endpoint, Scope()) as session:
        read = set(scanned(session, "columns", "people", DEEPEST))
        assert read == set(asked(session, "columns", "people", Scope()))


def test_more_fields_than_anybody_decides_on_are_told(scratch_mongo: Mongod) -> None:
    keys = [{str(n): 1 for n in range(first, first + 1_000)} for first in range(0, 51_000, 1_000)]
    target = _filled(scratch_mongo, keys)
    with pytest.raises(CommandError, match="people of columns has more than 50,000 different"):
        columns(target, Scope())


def test_what_one_document_in_many_has_is_found(scratch_mongo: Mongod) -> None:
    rare = {"_id": 100_000, "name": "Rare", "profile": {"contacts": [{"mobile": "07700 900123"}]}}
    plain = [{"_id": n, "name": f"Person {n}", "n": n} for n in range(100_000)]
    target = _filled(scratch_mongo, [*plain, rare])
    assert columns(target, Scope())["people"]["profile.contacts[].mobile"] == ("string",)


def test_samples_are_few_short_and_by_path(scratch_mongo: Mongod) -> None:
    target = _filled(scratch_mongo, [{"_id": n, "a": {"b": ["x" * 500]}} for n in range(50)])
    found = samples(SamplesQuestion(target, "people", {}, 10), Scope())
    assert (len(found["a.b[]"]), {len(value) for value in found["a.b[]"]}) == (10, {200})


def test_a_collection_without_documents_and_a_view_are_told_apart(scratch_mongo: Mongod) -> None:
    target = _filled(scratch_mongo, [{"_id": 1}])
    with scratch_mongo.client() as client:
        client["columns"].create_collection("empty")
        client["columns"].create_collection("seen", viewOn="people", pipeline=[])
    assert columns(target, Scope()) == {"empty": {}, "people": {"_id": ("int",)}}

"""Trials on MongoDB, through the command line."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.mongo_site import OLD, SCRIPT, MongoSite, mongo_site
from tests.live.trials import assert_does_as_a_pull_does, assert_stops, leaked, lines
from tests.servers.mongod import Mongo

pytestmark = pytest.mark.live

RAW = ("private.example", "Lovelace", "Turing", "Hopper", "07700 900")
MEMBERS: list[dict[str, Any]] = [
    {"_id": "a", "name": {"full": "Ada Lovelace"}, "phones": ["07700 900001", "07700 900002"]},
    {"_id": "b", "name": {"full": "Grace Hopper"}, "phones": []},
    {"_id": "c", "name": {"full": "Alan Turing"}, "joined": 1906},
]


def script() -> dict[str, Any]:
    """Return the site's script, and what it does to members besides."""
    made = copy.deepcopy(SCRIPT)
    made["sanitise"] += [
        {"collection": "members", "updateMany": {"update": {"$set": {"name.full": "Somebody"}}}},
        {
            "collection": "members",
            "updateMany": {"filter": {"_id": "a"}, "update": {"$unset": {"phones": ""}}},
        },
        {"collection": "members", "deleteMany": {"filter": {"_id": "b"}}},
    ]
    return made


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, mongo: Mongo) -> Iterator[MongoSite]:
    with mongo_site(tmp_path_factory.mktemp("trial"), mongo) as made:
        with made.production.client() as client:
            client[made.source].members.insert_many(MEMBERS)
        ran = made.run("push", "app", "--env", "production")
        assert ran.code == 0, ran.err
        yield made


@pytest.fixture(autouse=True)
def _untouched(shop: MongoSite) -> Iterator[None]:
    shop.script(script())
    yield
    assert (shop.people(), shop.databases()) == (OLD, {"live"})


def test_what_changed_is_told_exactly_and_what_it_was_is_masked(shop: MongoSite) -> None:
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, leaked(ran, shop.folder, RAW)) == (0, []), ran.err
    assert lines(ran) == [
        "members: 3 rows, 1 deleted",
        "column decided touched of empty before → after",
        "name.full keep 2 2 0 xxx xxx → Somebody",
        "phones[] (gone) keep 1 2 1 999 999, 999 999 → (none)",
        "as they were: 3 more columns",
        "people: 500 rows",
        "column decided touched of empty before → after",
        "email keep 500 500 0 xxx999@xxx.xxx → p1@example.com",
        "xxx999@xxx.xxx → p2@example.com",
        "xxx999@xxx.xxx → p3@example.com",
        "as they were: 2 more columns",
        "sessions: 10 rows, 10 deleted",
        "as they were: 3 more columns",
        'unchanged: empty, log, names, odd\\.name €ü-"%, readings',
        "before: xxx are letters, 999 digits; *** is what is too short to tell even that",
        "look at:",
        "- members.name.full is to be kept, and was changed in 2 rows",
        "- members.phones[] is to be kept, and was changed in 1 row",
        "- people.email is to be kept, and was changed in 500 rows",
    ]


def test_a_failing_check_is_told_with_what_changed(shop: MongoSite) -> None:
    shop.script({**script(), "checks": [{"collection": "members", "find": {}}]})
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, "found documents in members" in ran.err) == (1, True), ran.err
    assert "members: 3 rows, 1 deleted" in ran.out


def test_sigterm_in_the_middle_leaves_nothing(shop: MongoSite) -> None:
    slow = {"$where": "sleep(1000) || true"}
    made = script()
    made["sanitise"].append({"collection": "people", "deleteMany": {"filter": slow}})
    shop.script(made)
    assert_stops(shop, "sanitising")


def test_a_dry_run_does_what_a_pull_does_but_for_remembering_and_comparing(shop: MongoSite) -> None:
    assert_does_as_a_pull_does(shop)

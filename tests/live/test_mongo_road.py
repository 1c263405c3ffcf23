"""The main road on MongoDB: a sync by hand ends with a sanitised copy in the live one's place."""

import json
from datetime import UTC, datetime

import pytest

from tests.live.mongo_site import OLD, PEOPLE, MongoSite, content

pytestmark = pytest.mark.live

SANITISED = [
    {"_id": n, "email": f"p{n}@example.com", "town": f"Town {n}"} for n in range(1, PEOPLE + 1)
]


def test_a_sync_brings_production_s_documents_sanitised(mongo_site: MongoSite) -> None:
    ran = mongo_site.run("sync", "app", "--env", "integration")
    assert (ran.code, mongo_site.people()) == (0, SANITISED), ran.err


def test_everything_else_is_as_it_was_in_production(mongo_site: MongoSite) -> None:
    never = {"syncs.app.sanitise": "never", "syncs.app.because": "a test of everything"}
    mongo_site.write(integration=never)
    ran = mongo_site.run("sync", "app")
    assert ran.code == 0, ran.err
    with mongo_site.production.client() as source, mongo_site.integration.client() as target:
        assert content(target, mongo_site.target) == content(source, mongo_site.source)


def test_what_is_copied_out_of_the_quarantine_is_as_it_was(mongo_site: MongoSite) -> None:
    mongo_site.script({"checks": [{"collection": "people", "find": {"nobody": "has this"}}]})
    ran = mongo_site.run("sync", "app")
    assert ran.code == 0, ran.err
    with mongo_site.production.client() as source, mongo_site.integration.client() as target:
        assert content(target, mongo_site.target) == content(source, mongo_site.source)


def test_a_target_that_is_not_there_yet_is_made(mongo_site: MongoSite) -> None:
    with mongo_site.integration.client() as client:
        client.drop_database(mongo_site.target)
    ran = mongo_site.run("sync", "app")
    assert (ran.code, mongo_site.people()) == (0, SANITISED), ran.err


def test_a_rollback_puts_yesterday_back_and_a_second_one_undoes_it(mongo_site: MongoSite) -> None:
    mongo_site.run("sync", "app")
    seen = []
    for _ in range(2):
        ran = mongo_site.run("rollback", "app", "--env", "integration")
        assert ran.code == 0, ran.err
        seen.append(mongo_site.people())
    assert seen == [OLD, SANITISED]


def test_a_second_sync_replaces_everything_and_a_backup_of_it_says_how_it_was_sanitised(
    mongo_site: MongoSite,
) -> None:
    """Time series are there the second time, and are replaced where they lie."""
    mongo_site.write(integration={"backups": {"app": {"at": "05:40"}}})
    mongo_site.script({"checks": [{"collection": "people", "find": {"nobody": "has this"}}]})
    assert mongo_site.run("sync", "app").code == 0
    with mongo_site.production.client() as client:
        readings = client[mongo_site.source].readings
        readings.delete_many({"where": 1})
        readings.insert_many({"at": datetime(2026, 2, n, tzinfo=UTC), "where": 9} for n in (1, 2))
    ran = mongo_site.run("nightly", "--env", "integration")
    assert ran.code == 0, ran.err
    with mongo_site.production.client() as source, mongo_site.integration.client() as target:
        assert content(target, mongo_site.target) == content(source, mongo_site.source)
    (manifest,) = (mongo_site.folder / "artefacts" / "integration").rglob("*.manifest.json")
    described = json.loads(manifest.read_text())
    assert [used["name"] for used in described["sanitised"]] == ["app.mongo.yaml"]
    assert not [name for name in described["rows"] if name.startswith("envsync.")]
    assert mongo_site.run("rollback", "app", "--env", "integration").code == 0
    with mongo_site.integration.client() as client:
        assert client[mongo_site.target].readings.count_documents({"where": 1}) == 33


def test_no_previous_collections_are_kept_where_the_inventory_says_so(
    mongo_site: MongoSite,
) -> None:
    mongo_site.write(integration={"databases.app.keep_previous": False})
    for _ in range(2):
        assert mongo_site.run("sync", "app").code == 0
    assert not [name for name in mongo_site.collections() if name.startswith("envsync.")]


def test_a_misspelt_collection_that_was_to_stay_out_of_a_backup_is_a_warning(
    mongo_site: MongoSite,
) -> None:
    named = ["poeple", "log", "empty", "townsfolk"]
    mongo_site.write(production={"backups": {"app": {"exclude_tables": named}}})
    ran = mongo_site.run("push", "app", "--env", "production")
    assert (ran.code, "WARNING: push" in ran.err) == (0, True), ran.err
    assert [name for name in named if f"exclude_tables names '{name}'" in ran.err] == ["poeple"]


def test_collections_that_are_left_out_and_texts_that_are_replaced(mongo_site: MongoSite) -> None:
    changes = {
        "syncs.app.exclude_tables": ["log", "empty"],
        "syncs.app.rewrite": {"people.town": {"Town": "City", "City": "Village"}},
    }
    mongo_site.write(integration=changes)
    ran = mongo_site.run("sync", "app")
    assert (ran.code, mongo_site.people()[0]["town"]) == (0, "City 1"), ran.err
    assert mongo_site.collections().isdisjoint({"log", "empty"})

"""What others do to a live database of MongoDB while it is exchanged, and what changes its kind."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo.database import Database

from tests.failures.aftermath import assert_nothing_left
from tests.failures.gated import gated_mongo
from tests.failures.mongo_scene import MongoScene
from tests.failures.stages import Heard, Steps
from tests.live.mongo_site import MongoSite, content
from tests.servers.mongod import Mongo

pytestmark = pytest.mark.live

SYNC, PULL = ("sync", "app"), ("pull", "app")
ROLLBACK = ("rollback", "app", "--env", "integration")
Live = Database[dict[str, object]]


@pytest.fixture
def steps(tmp_path: Path, mongo: Mongo) -> Iterator[Steps[MongoScene]]:
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as made:
        made.scene.site.decide()
        yield made


def _collections(live: Live) -> None:
    live.readings.insert_one({"_id": 1})
    live.townsfolk.insert_one({"_id": 2})


def _views(live: Live) -> None:
    for name in ("readings", "names"):
        live.command({"create": name, "viewOn": "people", "pipeline": [{"$match": {"_id": 1}}]})


def _series(live: Live) -> None:
    for name in ("names", "townsfolk", "former"):
        live.create_collection(name, timeseries={"timeField": "at"})
        live[name].insert_one({"at": datetime(2026, 1, 1, tzinfo=UTC)})


def held(site: MongoSite) -> dict[str, object]:
    with site.integration.client() as client:
        return content(client, site.target)


def test_views_give_way_and_come_back(mongo_site: MongoSite) -> None:
    with mongo_site.integration.client() as client:
        _views(client[mongo_site.target])
    before = held(mongo_site)
    ran = mongo_site.run(*SYNC)
    assert ran.code == 0, ran.err
    now = held(mongo_site)
    for expected in (before, now, before):
        ran = mongo_site.run(*ROLLBACK)
        assert (ran.code, held(mongo_site)) == (0, expected), ran.err


@pytest.mark.parametrize("kinds", [_collections, _series])
def test_collections_and_time_series_change_into_each_other_and_no_rollback_loses_one(
    mongo_site: MongoSite, kinds: Callable[[Live], None]
) -> None:
    with mongo_site.integration.client() as client:
        kinds(client[mongo_site.target])
    ran = mongo_site.run(*SYNC)
    assert ran.code == 0, ran.err
    now = held(mongo_site)
    ran = mongo_site.run(*ROLLBACK)
    assert (ran.code, held(mongo_site)) == (2, now), ran.err
    assert "these cannot change places; nothing was rolled back" in ran.err
    ran = mongo_site.run(*SYNC)
    assert (ran.code, held(mongo_site)) == (0, now), ran.err
    assert mongo_site.run(*ROLLBACK).code == 0


def is_rename(heard: Heard) -> bool:
    return "RENAME" in heard.asks


def is_copied_in(heard: Heard) -> bool:
    return heard.doing == "copying beside the live collections" and "INSERT" in heard.asks


def cut(steps: Steps[MongoScene], at: Callable[[Heard], bool], *request: str) -> int:
    """Cut a run off as it asks a question; returns how it ended."""
    steps.gates.stop_at(at, "unheard")
    running = steps.start(*request)
    steps.gates.wait(lambda: running.poll() is not None)
    steps.gates.open()
    return steps.ended(running).code


def test_a_promote_that_fails_leaves_no_time_series_that_was_not_there(
    steps: Steps[MongoScene],
) -> None:
    scene = steps.scene
    old, before = scene.served(), held(scene.site)
    assert cut(steps, is_rename, *SYNC) == 1
    assert (scene.served(), held(scene.site)) == (old, before)
    assert scene.run(*SYNC).code == 0
    assert_nothing_left(scene)


def test_a_rollback_that_fails_loses_no_time_series(steps: Steps[MongoScene]) -> None:
    site = steps.scene.site
    assert steps.scene.run(*SYNC).code == 0
    with site.production.client() as client:
        client[site.source].readings.insert_one({"at": datetime(2026, 1, 1, tzinfo=UTC)})
    before = held(site)
    assert steps.scene.run(*SYNC).code == 0
    now = held(site)
    assert now != before
    assert cut(steps, is_rename, *ROLLBACK) == 2
    assert held(site) == now
    for expected in (before, now):
        ran = steps.scene.run(*ROLLBACK)
        assert (ran.code, held(site)) == (0, expected), ran.err


def test_a_copy_that_somebody_drops_while_it_is_made_is_not_promoted(
    steps: Steps[MongoScene],
) -> None:
    scene = steps.scene
    with scene.site.production.client() as client:
        # Whatever fills one of these where there is none fails by itself.
        client[scene.site.source].readings.drop()
    steps.gates.stop_at(is_copied_in, "unheard")
    running = steps.start(*SYNC)
    steps.gates.wait(lambda: running.poll() is not None)
    with scene.site.integration.client() as client:
        client.drop_database(scene.site.target)
    steps.gates.resume()
    ended = steps.ended(running)
    assert (ended.code, scene.site.collections()) == (1, set()), ended.err
    assert "somebody has dropped envsync.incoming." in ended.err
    assert scene.run(*SYNC).code == 0
    assert_nothing_left(scene)

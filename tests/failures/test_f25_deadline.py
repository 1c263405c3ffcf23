"""F25: a step that outruns its time is ended cleanly, on the server too, and told of."""

import time

import pytest

from tests.failures.aftermath import SYNC, assert_aftermath
from tests.failures.mongo_scene import MongoScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.search_scene import SearchScene

pytestmark = pytest.mark.live

DEADLINE = {"syncs.app.deadline": "4s"}
TOLD = "its deadline of 0:00:04 has passed"
IN_TIME = 90
"""Seconds from the start after which an ended step has cleared up: the work itself takes 600."""


def test_a_script_on_postgresql_that_takes_too_long_is_ended(scene: PostgresqlScene) -> None:
    old = scene.served()
    scene.next_run("SELECT pg_sleep(600);\n")
    scene.site.write(integration=DEADLINE)
    begun = time.monotonic()
    ended = scene.run(*SYNC)
    assert time.monotonic() - begun < IN_TIME
    assert TOLD in ended.err, ended.err
    scene.next_run()
    scene.site.write()
    assert_aftermath(scene, ended, old)


def test_a_script_on_mongodb_that_takes_too_long_is_ended(mongo_scene: MongoScene) -> None:
    old = mongo_scene.served()
    slow = {"filter": {"$where": "sleep(1200) || true"}, "update": {"$set": {"slow": 1}}}
    mongo_scene.next_run({"collection": "people", "updateMany": slow})
    mongo_scene.site.write(integration=DEADLINE)
    begun = time.monotonic()
    ended = mongo_scene.run(*SYNC)
    assert time.monotonic() - begun < IN_TIME
    assert TOLD in ended.err, ended.err
    mongo_scene.next_run()
    mongo_scene.site.write()
    assert_aftermath(mongo_scene, ended, old)


def test_a_script_on_a_search_cluster_that_takes_too_long_is_ended(
    search_scene: SearchScene,
) -> None:
    old = search_scene.served()
    assert search_scene.run("push", "search", "--env", "production").code == 0
    # Painless ends a script after a million turns of its loops; each of these takes a while.
    slow = "double x = 0; for (int i = 0; i < 900000; i++) { x += Math.sin(i) }"
    search_scene.next_run([{"update": {"indices": ["people"], "script": slow}}] * 80)
    search_scene.site.write(integration={"syncs.search.deadline": "4s"})
    begun = time.monotonic()
    ended = search_scene.run("pull", "search")
    assert time.monotonic() - begun < IN_TIME
    assert TOLD in ended.err, ended.err
    search_scene.next_run()
    search_scene.site.write()
    assert_aftermath(search_scene, ended, old, again=("sync", "search"))

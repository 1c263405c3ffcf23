"""F18: an application makes collections again during a restore; a server lacks some commands."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo.errors import PyMongoError

from tests.failures.aftermath import (
    SYNC,
    Serves,
    assert_aftermath,
    assert_nothing_left,
    assert_unharmed,
)
from tests.failures.gated import gated_mongo
from tests.failures.mongo_scene import MongoScene, mongo_scene
from tests.failures.stages import Stage
from tests.servers.mongod import Documents, Mongo, mongod

pytestmark = pytest.mark.live


def test_what_an_application_makes_during_a_restore_does_not_stay(
    tmp_path: Path, mongo: Mongo
) -> None:
    """It finds its database without the collections to come, and makes them for itself."""
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as steps:
        scene = steps.scene
        scene.site.decide()
        with steps.stopped(Stage(doing="sanitising"), "unheard", *SYNC) as running:
            with scene.application() as client:
                database = client[scene.site.target]
                database.sessions.insert_one({"token": "mine"})
                database.invented.insert_one({})
            steps.gates.resume()
            ended = steps.ended(running)
        assert ended.code == 0, ended.err
        assert scene.served() == scene.fresh()
        assert_nothing_left(scene)


@contextmanager
def churning(scene: MongoScene) -> Iterator[list[str]]:
    """Drop and make collections of the live database all the time, as the application."""
    ended = threading.Event()
    refused: list[str] = []

    def churn() -> None:
        with scene.application() as client:
            database = client[scene.site.target]
            while not ended.wait(0.01):
                for name in ("sessions", "names", "empty"):
                    try:
                        database[name].drop()
                        database[name].insert_one({"token": "mine"})
                    except PyMongoError as error:
                        refused.append(str(error))

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        yield refused
    finally:
        ended.set()
        thread.join()


def _assert_all_or_nothing(scene: MongoScene) -> None:
    """Whichever comes first, a run ends whole: all of the copy is live, or nothing of it."""
    old, _ = scene.served()
    for _ in range(3):
        with churning(scene):
            ended = scene.run(*SYNC)
        people, _ = scene.served()
        whole = people == (old if ended.code else scene.fresh()[0])
        assert (whole, "Traceback" in ended.err) == (True, False), (people[:3], ended.err)
        old = people
        scene.next_run()
    following = scene.run(*SYNC)
    assert (following.code, scene.served()) == (0, scene.fresh()), following.err
    assert_nothing_left(scene)


def test_collections_made_again_while_others_are_renamed_spoil_nothing(
    mongo_scene: MongoScene,
) -> None:
    _assert_all_or_nothing(mongo_scene)


def test_collections_made_again_while_others_are_rolled_back_spoil_nothing(
    mongo_scene: MongoScene,
) -> None:
    before = mongo_scene.run(*SYNC), mongo_scene.fresh()[0]
    mongo_scene.next_run()
    now = mongo_scene.run(*SYNC), mongo_scene.fresh()[0]
    assert [ended.code for ended, _ in (before, now)] == [0, 0]
    previous, live = before[1], now[1]
    for _ in range(4):
        with churning(mongo_scene):
            ended = mongo_scene.run("rollback", "app")
        people, _ = mongo_scene.served()
        whole = people == (live if ended.code else previous)
        assert (whole, "Traceback" in ended.err) == (True, False), (people[:3], ended.err)
        if not ended.code:
            previous, live = live, previous


LACKING = ("applyOps", "killSessions", "dbHash", "collMod", "top")
"""What Amazon DocumentDB, or a user with little more than readWrite, may not be asked."""


@pytest.fixture
def lacking(tmp_path: Path, mongo: Mongo) -> Iterator[MongoScene]:
    """A scene whose target refuses some commands as unknown, by the server's own test switch."""
    switch = "--setParameter=enableTestCommands=1"
    with mongod(tmp_path, "lacking", arguments=(switch,)) as server:
        server.make_admin()
        with mongo_scene(tmp_path, mongo.primary, server) as scene:
            with server.client() as client:
                refuse(client)
            yield scene
            with server.client() as client:
                client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def refuse(client: Documents) -> int:
    """Have a server know none of some commands; returns how often they were asked for before."""
    answer = client.admin.command(
        {
            "configureFailPoint": "failCommand",
            "mode": "alwaysOn",
            "data": {"errorCode": 59, "failCommands": list(LACKING), "appName": "envsync"},
        }
    )
    return int(answer["count"])


def test_a_server_that_lacks_commands_is_got_on_with_and_the_difference_told(
    lacking: MongoScene,
) -> None:
    old = lacking.served()
    ended = lacking.run(*SYNC)
    assert "between its two renames each collection was missing for a moment" in ended.err
    assert_unharmed(lacking, ended, old, Serves.FRESH)
    lacking.next_run()
    assert_aftermath(lacking, lacking.run(*SYNC), old, Serves.FRESH)


def test_where_renames_follow_one_another_collections_made_in_between_spoil_nothing(
    lacking: MongoScene,
) -> None:
    _assert_all_or_nothing(lacking)


def test_what_is_known_to_be_documentdb_is_not_asked_for_what_it_lacks(
    lacking: MongoScene,
) -> None:
    old = lacking.served()
    lacking.site.write(
        integration={"servers.mongo.documentdb": True},
        production={"servers.mongo.documentdb": True},
    )
    ended = lacking.run(*SYNC)
    with lacking.site.integration.client() as client:
        assert refuse(client) == 0, ended.err
    assert_aftermath(lacking, ended, old, Serves.FRESH)

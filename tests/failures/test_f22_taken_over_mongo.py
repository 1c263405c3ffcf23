"""F22: a run on MongoDB is suspended until its claim has lapsed, and another takes its place.

The machine of the first was asleep, say. It knows nothing of the second, whose documents lie, not
sanitised yet, where its own were; what it then does next must not be done.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.failures.aftermath import SYNC, assert_nothing_left
from tests.failures.gated import gated_mongo
from tests.failures.mongo_scene import MongoScene
from tests.failures.stages import Heard, Steps
from tests.servers import wire
from tests.servers.gate import gate
from tests.servers.mongod import Mongo

pytestmark = pytest.mark.live

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def steps(tmp_path: Path, mongo: Mongo) -> Iterator[Steps[MongoScene]]:
    """A scene whose live data is what a good run brought."""
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as made:
        assert made.scene.run(*SYNC).code == 0
        yield made


def is_checking(heard: Heard) -> bool:
    """The last question before what is clean is copied beside the live collections."""
    return heard.doing == "checking" and heard.asks == "__incoming: FIND"


def is_sanitising(heard: Heard) -> bool:
    return heard.doing == "sanitising"


def is_promoting(heard: Heard) -> bool:
    """The first question of the promote."""
    return heard.doing == "promoting"


@contextmanager
def suspended(running: "subprocess.Popen[bytes]") -> Iterator[None]:
    running.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        running.send_signal(signal.SIGCONT)


@contextmanager
def restoring_elsewhere(
    scene: MongoScene, mongo: Mongo
) -> Iterator[tuple[Steps[MongoScene], "subprocess.Popen[bytes]"]]:
    """Have another machine take the lapsed claim, and restore: its documents lie raw by then.

    It goes on once its gate is told to.
    """
    other = Steps(scene, scene.folder / "other log")
    with scene.site.integration.client() as client:
        lapsed = {"$set": {"expires": LONG_AGO}}
        found = client["envsync"].claims.update_one({"_id": scene.site.target}, lapsed)
        assert found.modified_count == 1
    with gate(other.gates, mongo.alone.port, wire.Mongo) as port:
        scene.through(mongo.primary.port, port)
        state = scene.environment["ENVSYNC_STATE"]
        scene.environment["ENVSYNC_STATE"] = str(scene.folder / "elsewhere")
        scene.next_run()
        other.gates.stop_at(is_sanitising, "unheard")
        running = other.start(*SYNC)
        scene.environment["ENVSYNC_STATE"] = state
        other.gates.wait(lambda: running.poll() is not None)
        yield other, running


def private(scene: MongoScene) -> list[str]:
    """Return who can be read, as production knows them, in or beside the live collections."""
    with scene.application() as client:
        database = client[scene.site.target]
        return [
            f"{name}: {each['email']}"
            for name in database.list_collection_names()
            if name.endswith("people")
            for each in database[name].find({"email": {"$regex": "private"}})
        ]


@pytest.mark.parametrize("moment", [is_checking, is_promoting])
def test_a_run_that_wakes_up_when_another_has_taken_its_place_promotes_nothing(
    steps: Steps[MongoScene], mongo: Mongo, moment: Callable[[Heard], bool]
) -> None:
    scene = steps.scene
    old = scene.served()
    scene.next_run()
    steps.gates.stop_at(moment, "unheard" if moment is is_promoting else "unanswered")
    first = steps.start(*SYNC)
    steps.gates.wait(lambda: first.poll() is not None)
    with ExitStack() as held:
        with suspended(first):
            other, second = held.enter_context(restoring_elsewhere(scene, mongo))
            steps.gates.resume()
        ended = steps.ended(first)
        assert (ended.code, scene.served(), private(scene)) == (1, old, []), ended.err
        assert "may have taken its place; nothing was promoted" in ended.err, ended.err
        other.gates.resume()
        ended = other.ended(second)
    assert (ended.code, scene.served()) == (0, scene.fresh()), ended.err
    assert_nothing_left(scene)

"""F21: envsync is killed at any stage of a sync on MongoDB; the next one clears up and succeeds.

MongoDB has no transaction for renames: in their midst each collection is the old one or the new.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.aftermath import SYNC, Serves, assert_aftermath, assert_unharmed
from tests.failures.gated import gated_mongo
from tests.failures.mongo_scene import MongoScene
from tests.failures.stages import Stage, Steps, at_every_stage
from tests.live.program import Ran
from tests.servers.mongod import Mongo

pytestmark = pytest.mark.live

SILENT = frozenset({"comparing rows with the manifest"})


@pytest.fixture
def steps(tmp_path: Path, mongo: Mongo) -> Iterator[Steps[MongoScene]]:
    """A scene whose live data is what a good run brought."""
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as made:
        assert made.scene.run(*SYNC).code == 0
        yield made


def assert_each_whole(scene: MongoScene, ended: Ran, old: object, *, promoting: bool) -> None:
    """What was live is; in the middle of the renames each collection is the old or the new one."""
    if promoting:
        assert scene.served()[0] in (old, scene.fresh()[0])
        assert scene.locked() == []
        assert scene.run(*SYNC).code == 0, ended.err
        return
    assert_unharmed(scene, ended, (old, scene.fresh()[1]))


def test_a_sync_that_is_killed_at_any_stage_harms_nothing_and_is_cleared_up(
    steps: Steps[MongoScene],
) -> None:
    """Each of the killed runs finds what the one before has left; the last one is a good one."""
    scene, stages = steps.scene, steps.stages(*SYNC, silent=SILENT)
    promote = stages.index(Stage(doing="promoting"))

    def killed(stage: Stage) -> None:
        old, _ = scene.served()
        scene.next_run()
        with steps.stopped(stage, "unanswered", *SYNC) as running:
            running.kill()
            ended = steps.ended(running)
        assert "interrupted" in scene.run("status").out
        assert_each_whole(scene, ended, old, promoting=stages.index(stage) >= promote)

    at_every_stage(stages, killed)
    old = scene.served()
    scene.next_run()
    assert_aftermath(scene, scene.run(*SYNC), old, Serves.FRESH)

"""F21: envsync is killed at any stage of a rollback on MongoDB; the next one finishes it."""

from pathlib import Path
from typing import Any

import pytest

from tests.failures.aftermath import SYNC
from tests.failures.gated import gated_mongo
from tests.failures.kills import PULL
from tests.failures.mongo_scene import MongoScene
from tests.failures.stages import Stage, at_every_stage
from tests.servers.mongod import Mongo

pytestmark = pytest.mark.live

ROLLBACK = ("rollback", "app", "--env", "integration")
FINISHED = "this finished a rollback that was interrupted, and exchanged nothing more"
MARKED = ("log", "names", "people")


def next_run(scene: MongoScene) -> None:
    """Have each of some collections tell of which run it is."""
    mark = {"update": {"$set": {"run": scene.number + 1}}}
    scene.next_run(*({"collection": name, "updateMany": mark} for name in MARKED))


def runs(scene: MongoScene) -> set[Any]:
    """Return of which runs the live collections are, by what some of them tell."""
    with scene.application() as client:
        database = client[scene.site.target]
        return {run for name in MARKED for run in database[name].distinct("run") or [name]}


def test_a_rollback_that_is_killed_at_any_stage_is_finished_by_the_next(
    tmp_path: Path, mongo: Mongo
) -> None:
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as steps:
        scene = steps.scene
        for request in (SYNC, PULL):
            next_run(scene)
            assert scene.run(*request).code == 0

        finished: list[str] = []

        def killed(stage: Stage) -> None:
            ((before,), counts) = runs(scene), scene.fresh()[1]
            next_run(scene)
            assert scene.run(*PULL).code == 0
            with steps.stopped(stage, "unanswered", *ROLLBACK) as running:
                running.kill()
                steps.ended(running)
            ran = scene.run(*ROLLBACK)
            if FINISHED in ran.out:
                finished.append(str(stage))
            else:
                # It had come to its end, or had not begun.
                assert runs(scene) in ({before}, {scene.number}), ran.err
            assert FINISHED not in ran.out or runs(scene) == {before}, ran.err
            assert (ran.code, scene.served()[1], scene.left()) == (0, counts, []), ran.err
            again = scene.run(*ROLLBACK)
            assert (again.code, FINISHED in again.out) == (0, False), again.err
            assert runs(scene) <= {before, scene.number}
            assert (len(runs(scene)), scene.served()[1]) == (1, counts)

        at_every_stage(steps.stages(*ROLLBACK), killed)
        assert {"live: DROP", "admin: RENAME BY APPLY_OPS", "admin: RENAME COLLECTION"} <= {
            *finished
        }, finished

"""F12: connections to MongoDB are cut at any stage; what cannot be got over is a failure."""

from pathlib import Path

import pytest

from tests.failures.aftermath import Serves
from tests.failures.gated import gated_mongo
from tests.failures.kills import PULL, PUSH, SYNC, Fault, cut, pull_through, push_through
from tests.failures.stages import Stage, at_every_stage
from tests.servers.mongod import Mongo

pytestmark = pytest.mark.live

PROMOTING = Stage(doing="promoting")
DUMPING = "dumping, compressing and uploading"


def test_a_cut_at_any_stage_is_got_over_or_told(tmp_path: Path, mongo: Mongo) -> None:
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as steps:
        assert steps.scene.run(*SYNC).code == 0
        fault = Fault(cut(steps), serves=Serves.EITHER)
        stages = steps.stages(*PULL, silent=frozenset({"comparing rows with the manifest"}))
        promoting = stages[stages.index(PROMOTING) :]
        told = [each for each in stages if each.doing and each not in promoting]
        pull_through(steps, [*told, *promoting], fault, PROMOTING)
        pushing = steps.stages(*PUSH, silent=frozenset({"publishing the manifest"}))
        push_through(steps, pushing + steps.kinds(DUMPING), fault)


def test_a_rollback_that_is_cut_at_any_stage_leaves_the_live_data_whole(
    tmp_path: Path, mongo: Mongo
) -> None:
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as steps:
        scene, request = steps.scene, ("rollback", "app", "--env", "integration")
        for _ in range(2):
            assert scene.run(*SYNC).code == 0

        def struck(stage: Stage) -> None:
            scene.next_run()
            assert scene.run(*PULL).code == 0
            fresh = scene.served()
            with steps.stopped(stage, "unanswered", *request) as running:
                cut(steps)(running)
                ended = steps.ended(running)
            whole = scene.served()
            assert whole == fresh or ended.code == 0, ended.err
            assert whole[1] == fresh[1], ended.err

        at_every_stage(steps.stages(*request), struck)

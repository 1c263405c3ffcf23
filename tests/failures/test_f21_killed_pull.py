"""F21: envsync is killed at any stage of a pull; the next pull clears up and succeeds."""

from pathlib import Path

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.gated import gated_postgresql
from tests.failures.stages import Stage, at_every_stage
from tests.servers.postgresql import Postgresql

pytestmark = pytest.mark.live

PULL = ("pull", "app")


def test_a_pull_that_is_killed_at_any_stage_is_cleared_up_by_the_next(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql.production, postgresql.integration) as steps:
        scene = steps.scene
        for request in (("push", "app", "--env", "production"), PULL, PULL):
            assert scene.run(*request).code == 0

        stages = steps.stages(*PULL)
        promoted = stages.index(Stage(asks="postgres: COMMIT"))

        def killed(stage: Stage) -> None:
            old = scene.served()
            scene.next_run()
            with steps.stopped(stage, "unanswered", *PULL) as running:
                running.kill()
                ended = steps.ended(running)
            serves = Serves.OLD if stages.index(stage) < promoted else Serves.EITHER
            assert_aftermath(scene, ended, old, serves, again=PULL)

        at_every_stage(stages, killed)

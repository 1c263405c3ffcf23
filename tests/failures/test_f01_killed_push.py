"""F1: a push, or its dump program, is killed at any stage; no half artefact is ever the latest."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.aftermath import assert_aftermath
from tests.failures.gated import gated_postgresql
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.processes import children
from tests.failures.stages import Stage, Steps, at_every_stage
from tests.servers.postgresql import Postgresql
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

PUSH = ("push", "app", "--env", "production")
SYNC = ("sync", "app")


@pytest.fixture
def steps(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> Iterator[Steps[PostgresqlScene]]:
    """A scene whose live data is what a good run brings, before and after each push."""
    servers = (postgresql.production, postgresql.integration, moto_server)
    with gated_postgresql(tmp_path, *servers) as made:
        assert made.scene.run(*SYNC).code == 0
        yield made
        ran = made.scene.run(*SYNC)
        assert (ran.code, made.scene.served()) == (0, made.scene.fresh()), ran.err


def test_a_push_that_is_killed_at_any_stage_leaves_nothing_for_long(
    steps: Steps[PostgresqlScene],
) -> None:
    def killed(stage: Stage) -> None:
        old = steps.scene.served()
        with steps.stopped(stage, "unanswered", *PUSH) as running:
            running.kill()
            ended = steps.ended(running)
        assert_aftermath(steps.scene, ended, old, again=PUSH)

    at_every_stage(steps.stages(*PUSH), killed)


def test_a_push_whose_dump_program_is_killed_at_any_stage_leaves_no_artefact(
    steps: Steps[PostgresqlScene],
) -> None:
    def killed(stage: Stage) -> None:
        old, stored = steps.scene.served(), steps.scene.stored()
        with steps.stopped(stage, "unheard", *PUSH) as running:
            os.kill(children(running.pid)["pg_dump"], signal.SIGKILL)
            steps.gates.resume()
            ended = steps.ended(running)
        assert "pg_dump failed: it was ended by SIGKILL" in ended.err
        assert (steps.scene.stored(), steps.scene.left()) == (stored, [])
        assert_aftermath(steps.scene, ended, old, again=PUSH)

    at_every_stage(steps.stages(*PUSH, program="pg_dump"), killed)

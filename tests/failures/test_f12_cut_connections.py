"""F12: connections are cut, or slow, at any stage; what cannot be got over is a failure."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.gated import gated_postgresql
from tests.failures.kills import PULL, PUSH, SYNC, Fault, cut, pull_through, push_through
from tests.failures.stages import Stage
from tests.servers.postgresql import Postgresql
from tests.servers.proxy import Direction, proxying
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

COMMIT = Stage(asks="postgres: COMMIT")


def test_a_cut_at_any_stage_of_a_pull_is_got_over_or_told(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    with gated_postgresql(tmp_path, postgresql, moto_server) as steps:
        stages = [*steps.told_stages(*PULL), COMMIT]
        pull_through(steps, stages, Fault(cut(steps)), COMMIT)


def test_a_cut_at_any_stage_of_a_push_is_got_over_or_told(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    with gated_postgresql(tmp_path, postgresql, moto_server) as steps:
        stages = [each for each in steps.stages(*PUSH) if each.asks.startswith("storage")]
        stages += steps.told_stages(*PUSH)
        push_through(steps, stages, Fault(cut(steps), serves=Serves.EITHER))


def test_a_storage_that_is_lost_for_good_is_a_failure_and_never_a_success(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps, proxying(moto_server.port) as proxy:
        scene = steps.scene
        scene.store_in(moto_server, moto_server.at(proxy.port))
        assert scene.run(*PUSH).code == 0
        old = scene.served()
        faults: list[tuple[Direction, Sequence[str]]] = [("requests", PUSH), ("answers", PULL)]
        for direction, request in faults:
            scene.next_run()
            proxy.cut(direction, after=6000, times=10_000)
            ended = scene.run(*request)
            proxy.heal()
            assert_aftermath(scene, ended, old, again=SYNC)
            old = scene.served()


def test_a_slow_network_makes_a_run_slow_and_nothing_else(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    with gated_postgresql(tmp_path, postgresql, moto_server) as steps:
        steps.scene.next_run()
        steps.gates.delay = 0.02
        ended = steps.scene.run(*SYNC)
        steps.gates.delay = 0.0
        assert_aftermath(steps.scene, ended, None, Serves.FRESH)

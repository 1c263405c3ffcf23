"""F15: two and twenty runs at once, on one machine and on several: one does it, the others say so."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.gated import gated_mysql, gated_postgresql
from tests.failures.mysql_scene import MysqlScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.stages import Stage, Steps
from tests.live.program import PATIENCE, Ran
from tests.servers.mariadb import Mariadb
from tests.servers.postgresql import Postgresql

pytestmark = pytest.mark.live

PUSH = ("push", "app", "--env", "production")
PULL = ("pull", "app")
ROLLBACK = ("rollback", "app", "--env", "integration")


def at_once(
    scene: PostgresqlScene | MysqlScene,
    requests: Sequence[Sequence[str]],
    machines: Sequence[int] = (0,),
) -> list[Ran]:
    """Start runs, each on one of some machines, and wait for all of them."""
    usual = scene.environment["ENVSYNC_STATE"]
    started: list[subprocess.Popen[str]] = []
    for number, request in enumerate(requests):
        here = machines[number % len(machines)]
        scene.environment["ENVSYNC_STATE"] = f"{usual}{here}" if here else usual
        started.append(scene.site.start(*request))
    scene.environment["ENVSYNC_STATE"] = usual
    told = [each.communicate(timeout=PATIENCE) for each in started]
    return [Ran(each.returncode, *said) for each, said in zip(started, told, strict=True)]


def test_of_twenty_pulls_at_once_one_is_done_and_the_others_name_it(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        others = one_of(steps, 20, machines=1)
        assert [each.err for each in others if "is already running since" not in each.err] == []


def test_of_pulls_on_three_machines_the_server_lets_one_in(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        others = one_of(steps, 3, machines=2)
        assert [each.err for each in others if "another envsync is restoring" not in each.err] == []


def test_of_pulls_of_mysql_on_three_machines_the_server_lets_one_in(
    tmp_path: Path, mariadb: Mariadb
) -> None:
    with gated_mysql(tmp_path, mariadb) as steps:
        others = one_of(steps, 3, machines=2)
        assert [each.err for each in others if "another envsync is restoring" not in each.err] == []


def one_of(
    steps: Steps[PostgresqlScene] | Steps[MysqlScene], many: int, machines: int
) -> list[Ran]:
    """Start many pulls while the first one sanitises; return how the others ended.

    The first is on a machine of its own, unless there is only one.
    """
    scene = steps.scene
    scene.next_run()
    with steps.stopped(Stage(doing="sanitising"), "unheard", *PULL) as first:
        elsewhere = range(1, machines + 1) if machines > 1 else (0,)
        others = at_once(scene, [PULL] * (many - 1), elsewhere)
        steps.gates.resume()
        ended = steps.ended(first)
    assert {each.code for each in others} == {2}, [each.err for each in others]
    assert (ended.code, scene.served()) == (0, scene.fresh()), ended.err
    scene.next_run()
    assert_aftermath(scene, scene.run(*PULL), None, Serves.FRESH, again=PULL)
    return others


def test_pushes_on_three_machines_leave_whole_artefacts_and_no_halves(
    scene: PostgresqlScene,
) -> None:
    ran = at_once(scene, [PUSH] * 3, (0, 1, 2))
    assert {each.code for each in ran} <= {0, 1, 2}
    assert any(each.code == 0 for each in ran), [each.err for each in ran]
    assert_aftermath(scene, scene.run("sync", "app"), None, Serves.FRESH)


def test_all_sorts_of_runs_at_once_end_well_or_are_refused(scene: PostgresqlScene) -> None:
    assert scene.run("sync", "app").code == 0
    asked = (PUSH, PULL, ROLLBACK, ("status",), ("sync", "app"), ("history", "app"))
    ran = at_once(scene, asked)
    assert {each.code for each in ran} <= {0, 1, 2}, [each.err for each in ran]
    assert all("Traceback" not in each.err for each in ran)
    assert_aftermath(scene, scene.run("sync", "app"), None, Serves.FRESH)

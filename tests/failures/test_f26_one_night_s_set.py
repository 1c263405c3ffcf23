"""F26: databases that belong together are of one night, and promoted together or not at all."""

import re
from collections.abc import Iterator

import pytest

from tests.failures.aftermath import assert_aftermath, assert_nothing_left
from tests.failures.neighbours import CLEAN, Neighbour, with_neighbour
from tests.failures.postgresql_scene import PostgresqlScene

pytestmark = pytest.mark.live

NIGHT = ("nightly", "--env", "integration")


@pytest.fixture
def group(scene: PostgresqlScene) -> Iterator[Neighbour]:
    """A scene whose database and its neighbour are one group."""
    with with_neighbour(scene) as neighbour:
        grouped(neighbour)
        yield neighbour


def grouped(neighbour: Neighbour, **changes: object) -> None:
    together = {"syncs.app.group": "both", "syncs.neighbour.group": "both"}
    neighbour.write(integration={**together, **changes})


def stages(told: str, *kinds: str) -> list[str]:
    """Return what a log tells of the stages of steps, in its order."""
    return re.findall(rf"Z \w+ \w+[^:\n]*: ({'|'.join(kinds)})", told)


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_all_are_pushed_then_made_ready_then_promoted(group: Neighbour, jobs: str) -> None:
    shown = group.scene.run(*NIGHT, "--jobs", jobs, "--dry-run")
    assert shown.out.count("# wait until all pulls of group 'both (integration)'") == 2, shown.err
    ran = group.scene.run(*NIGHT, "--jobs", jobs)
    assert ran.code == 0, ran.err
    told = stages(ran.err, "publishing", "restoring", "checking", "promoting")
    assert [told.count(each) for each in ("publishing", "promoting")] == [2, 2]
    assert told[:2] == ["publishing"] * 2
    assert told[-2:] == ["promoting"] * 2
    assert (group.scene.served(), group.tables()) == (group.scene.fresh(), 2)
    assert_nothing_left(group.scene)


def test_one_that_cannot_be_sanitised_keeps_the_others_from_being_promoted(
    group: Neighbour,
) -> None:
    scene, old = group.scene, group.scene.served()
    group.script("SELECT 1/0;\n")
    ended = scene.run(*NIGHT)
    told = "nothing was promoted, as pull neighbour into integration of the same group 'both"
    assert (ended.code, told in ended.err) == (1, True), ended.err
    assert group.tables() == 0
    group.script(CLEAN)
    assert_aftermath(scene, ended, old, again=NIGHT)
    assert group.tables() == 2


def test_one_that_cannot_be_pushed_keeps_all_from_being_pulled(group: Neighbour) -> None:
    scene, old = group.scene, group.scene.served()
    together = {"syncs.app.group": "both", "syncs.neighbour.group": "both"}
    away = {"databases.neighbour.name": "not_there"}
    group.write(production=away, integration=together)
    ended = scene.run(*NIGHT)
    culprit = "skipped: needs push neighbour from production, which failed"
    assert (ended.code, ended.err.count(culprit)) == (1, 2), ended.err
    assert (scene.served(), group.tables()) == (old, 0)
    grouped(group)
    following = scene.run(*NIGHT)
    assert (following.code, scene.served()) == (0, scene.fresh()), following.err
    assert_nothing_left(scene)


def test_one_that_is_killed_by_its_deadline_while_it_waits_keeps_all_from_being_promoted(
    group: Neighbour,
) -> None:
    scene, old = group.scene, group.scene.served()
    group.script(f"SELECT pg_sleep(20);\n{CLEAN}")
    grouped(group, **{"syncs.app.deadline": "6s"})
    ended = scene.run(*NIGHT, "--jobs", "2")
    assert "its deadline of 0:00:06 has passed" in ended.err, ended.err
    assert "nothing was promoted, as pull app into integration of the same group" in ended.err
    assert group.tables() == 0
    group.script(CLEAN)
    grouped(group)
    assert_aftermath(scene, ended, old, again=NIGHT)


def test_what_comes_after_another_is_pushed_and_pulled_after_it(scene: PostgresqlScene) -> None:
    with with_neighbour(scene) as neighbour:
        neighbour.write(integration={"syncs.app.after": ["neighbour"]})
        ran = scene.run(*NIGHT, "--jobs", "4")
        assert ran.code == 0, ran.err
        begun = re.findall(r"started: (\w+ \w+)|OK: (push|pull)", ran.err)
        order = [first or f"{second} done" for first, second in begun]
        assert order == [
            *("push neighbour", "push done", "push app", "pull neighbour"),
            *sorted(order[4:6], reverse=True),
            *("pull app", "pull done"),
        ], ran.err
        neighbour.script("SELECT 1/0;\n")
        old = scene.served()
        red = scene.run(*NIGHT)
        told = "skipped: needs pull neighbour into integration, which failed"
        assert (red.code, told in red.err, scene.served()) == (1, True, old), red.err
        neighbour.script()
        following = scene.run(*NIGHT)
        assert (following.code, scene.served()) == (0, scene.fresh()), following.err
        assert_nothing_left(scene)

"""F30: caches and queues go stale after a restore: programs that follow it are part of the step."""

import shlex
from pathlib import Path

import pytest

from tests.failures.aftermath import SYNC, Serves, assert_aftermath, last_run
from tests.failures.mongo_scene import MongoScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.search_scene import SearchScene

pytestmark = pytest.mark.live

Scene = PostgresqlScene | MongoScene | SearchScene


@pytest.fixture(params=["scene", "mongo_scene", "search_scene"])
def any_scene(request: pytest.FixtureRequest) -> Scene:
    """A scene on PostgreSQL, on MongoDB, on a search cluster."""
    made: Scene = request.getfixturevalue(request.param)
    return made


def follow(scene: Scene, *programs: str) -> None:
    scene.site.write(integration={f"syncs.{scene.key}.after_promote": list(programs)})


def clearing(cache: Path) -> str:
    """Return a program as an inventory names it: it clears a cache, and says of which database."""
    return shlex.join(("sh", "-c", f'rm {cache} && echo "$ENVSYNC_DATABASE" > {cache}.cleared'))


def test_a_cache_is_cleared_once_the_copy_is_live_and_the_step_is_red_if_it_cannot_be(
    any_scene: Scene, tmp_path: Path
) -> None:
    scene, cache = any_scene, tmp_path / "cache"
    sync = ("sync", scene.key)
    follow(scene, clearing(cache))
    ended = scene.run(*sync)
    assert "the copy is live, but after_promote went wrong: sh failed" in ended.err, ended.err
    (pull,) = (entry for entry in last_run(scene) if entry.verb == "pull")
    assert (str(pull.outcome), pull.healthy) == ("failed", False)
    assert scene.served() == scene.fresh()
    assert not cache.with_name("cache.cleared").exists()
    cache.touch()
    assert_aftermath(scene, ended, scene.fresh(), again=sync)
    assert not cache.exists()
    assert cache.with_name("cache.cleared").read_text()


def test_a_program_that_never_ends_is_ended_by_the_step_s_deadline(scene: PostgresqlScene) -> None:
    follow(scene, "sleep 600")
    deadline = {"syncs.app.deadline": "6s", "syncs.app.after_promote": ["sleep 600"]}
    old = scene.served()
    scene.site.write(integration=deadline)
    ended = scene.run(*SYNC)
    assert "its deadline of 0:00:06 has passed" in ended.err, ended.err
    scene.site.write()
    assert_aftermath(scene, ended, old, Serves.EITHER)

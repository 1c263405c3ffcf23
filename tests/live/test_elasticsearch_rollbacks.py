"""A rollback of a search cluster and a pull of the same database: one at a time, on any machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.gated import gated_search
from tests.failures.search_scene import SearchScene
from tests.failures.stages import Heard, Steps
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

SYNC, PULL = ("sync", "search"), ("pull", "search")
ROLLBACK = ("rollback", "search", "--env", "integration")


@pytest.fixture
def steps(tmp_path: Path, opensearch: SearchClusters) -> Iterator[Steps[SearchScene]]:
    """A scene whose live data is what a good run brought, with the data before it."""
    with gated_search(tmp_path, opensearch) as made:
        assert made.scene.run(*SYNC).code == 0
        made.scene.next_run()
        yield made


def is_sanitising(heard: Heard) -> bool:
    return heard.is_asked_while("sanitising")


def is_claim(heard: Heard) -> bool:
    return heard.asks == "cluster: PUT /envsync-claims/_doc/pull-search"


def go_elsewhere(scene: SearchScene) -> None:
    """Have the runs to come be those of another machine, as far as locks of files go."""
    scene.site.environment["ENVSYNC_STATE"] += "-elsewhere"


def test_a_rollback_is_refused_while_another_machine_pulls(steps: Steps[SearchScene]) -> None:
    scene = steps.scene
    old = scene.served()
    steps.gates.stop_at(is_sanitising, "unheard")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    go_elsewhere(scene)
    refused = scene.run(*ROLLBACK)
    assert (refused.code, scene.served()) == (2, old), refused.err
    assert "another envsync is restoring 'search'" in refused.err
    steps.gates.resume()
    ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (0, scene.fresh()), ended.err


def test_a_rollback_that_another_run_came_before_rolls_nothing_back(
    steps: Steps[SearchScene],
) -> None:
    """It had looked at what serves before the other moved the aliases, and took its claim after."""
    scene = steps.scene
    steps.gates.stop_at(is_claim, "unheard")
    rolling_back = steps.start(*ROLLBACK)
    steps.gates.wait(lambda: rolling_back.poll() is not None)
    go_elsewhere(scene)
    assert scene.run(*PULL).code == 0
    steps.gates.resume()
    ended = steps.ended(rolling_back)
    assert (ended.code, scene.served()) == (2, scene.fresh()), ended.err
    assert "has changed since they were looked at; nothing was rolled back" in ended.err

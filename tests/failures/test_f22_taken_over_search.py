"""F22: another run has taken the place of one on a search cluster, which promotes nothing then."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.failures.aftermath import assert_aftermath
from tests.failures.gated import gated_search
from tests.failures.search_scene import SearchScene
from tests.failures.stages import Heard, Steps
from tests.servers.opensearch import SearchClusters
from tests.servers.waiting import until

pytestmark = pytest.mark.live

SYNC = ("sync", "search")
CLAIM = "/envsync-claims/_doc/pull-search"


@pytest.fixture
def steps(tmp_path: Path, opensearch: SearchClusters) -> Iterator[Steps[SearchScene]]:
    """A scene whose live data is what a good run brought."""
    with gated_search(tmp_path, opensearch) as made:
        assert made.scene.run(*SYNC).code == 0
        yield made


def is_checking(heard: Heard) -> bool:
    return heard.is_asked_while("checking")


def take_over(scene: SearchScene) -> None:
    """Write what another machine would into the claim, just after a sign of life of its holder."""
    cluster = scene.site.integration

    def claim() -> Any:
        return cluster.ask("GET", CLAIM)

    before = claim()
    until(lambda: claim() != before, "a sign of life")
    other = {**claim()["_source"], "run": "another", "process": "elsewhere", "holder": "elsewhere"}
    cluster.ask("PUT", CLAIM, other)


def test_a_run_whose_claim_another_has_taken_promotes_nothing(steps: Steps[SearchScene]) -> None:
    scene = steps.scene
    old = scene.served()
    scene.next_run()
    steps.gates.stop_at(is_checking, "unanswered")
    running = steps.start(*SYNC)
    steps.gates.wait(lambda: running.poll() is not None)
    take_over(scene)
    steps.gates.resume()
    ended = steps.ended(running)
    assert "may have taken its place; nothing was promoted" in ended.err, ended.err
    scene.site.integration.ask("DELETE", CLAIM)
    assert_aftermath(scene, ended, old, again=SYNC)

"""F21: envsync is killed at any stage of a push or a pull of search clusters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.gated import gated_search
from tests.failures.kills import Fault, kill, pull_through, push_through
from tests.failures.search_scene import SearchScene
from tests.failures.stages import Stage, Steps
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

PUSH = ("push", "search", "--env", "production")
PULL = ("pull", "search")
ALIASES = Stage(asks="cluster: POST /_aliases")
SOMETIMES = Stage(asks="cluster: POST /_cluster/allocation/explain")
"""What is asked only of a restore that takes its time."""


@pytest.fixture
def steps(tmp_path: Path, opensearch: SearchClusters) -> Iterator[Steps[SearchScene]]:
    """A scene whose live data is what a good run brought, and that has a previous one."""
    with gated_search(tmp_path, opensearch) as made:
        for _ in range(2):
            assert made.scene.run("sync", "search").code == 0
        yield made


def test_a_push_that_is_killed_at_any_stage_is_cleared_up_by_the_next(
    steps: Steps[SearchScene],
) -> None:
    push_through(steps, steps.stages(*PUSH), Fault(kill))


def test_a_pull_that_is_killed_at_any_stage_is_cleared_up_by_the_next(
    steps: Steps[SearchScene],
) -> None:
    stages = [each for each in steps.stages(*PULL) if each != SOMETIMES]
    pull_through(steps, stages, Fault(kill), ALIASES)

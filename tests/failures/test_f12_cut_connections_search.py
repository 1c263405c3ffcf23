"""F12: connections to search clusters are cut at any stage; what is not got over is a failure."""

from pathlib import Path

import pytest

from tests.failures.aftermath import Serves
from tests.failures.gated import gated_search
from tests.failures.kills import Fault, cut, pull_through, push_through
from tests.failures.stages import Stage
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

ALIASES = Stage(asks="cluster: POST /_aliases")
SOMETIMES = Stage(asks="cluster: POST /_cluster/allocation/explain")
"""What is asked only of a restore that takes its time."""


def test_a_cut_at_any_stage_is_got_over_or_told(tmp_path: Path, opensearch: SearchClusters) -> None:
    with gated_search(tmp_path, opensearch) as steps:
        for _ in range(2):
            assert steps.scene.run("sync", "search").code == 0
        fault = Fault(cut(steps), serves=Serves.EITHER)
        stages = [each for each in steps.stages("pull", "search") if each != SOMETIMES]
        pull_through(steps, stages, fault, ALIASES)
        push_through(steps, steps.stages("push", "search", "--env", "production"), fault)

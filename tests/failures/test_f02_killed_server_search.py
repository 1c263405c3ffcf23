"""F2: a node of a search cluster is killed, and started again, in a restore and about a promote."""

from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.failures.gated import gated_search
from tests.failures.kills import Fault, kill_server, pull_through
from tests.failures.stages import Stage
from tests.servers.opensearch import SearchCluster, SearchClusters
from tests.servers.waiting import until

pytestmark = pytest.mark.live

LIVE = "/_cluster/health/people,orders?wait_for_status=yellow&timeout=5s"
ALIASES = Stage(asks="cluster: POST /_aliases")


@dataclass(frozen=True, slots=True)
class Node:
    """Integration's cluster, which answers again as soon as what is live does.

    What a restore had begun stays red.
    """

    cluster: SearchCluster

    def kill(self) -> None:
        self.cluster.kill()

    def start(self) -> None:
        self.cluster.begin()
        until(self._serves, "what is live to be served")

    def _serves(self) -> bool:
        try:
            return self.cluster.answer("GET", LIVE)[0] == HTTPStatus.OK
        except (OSError, HTTPException, ValueError):
            return False


def test_a_node_that_is_killed_serves_the_old_data_again(
    tmp_path: Path, opensearch: SearchClusters
) -> None:
    """A node takes long to start: only what changes most is tried, and what comes just before."""
    with gated_search(tmp_path, opensearch) as steps:
        for _ in range(2):
            assert steps.scene.run("sync", "search").code == 0
        stages = steps.stages("pull", "search")
        (restore,) = (each for each in stages if each.asks.endswith("/_restore"))
        (update,) = (each for each in stages if each.asks.endswith("/_update_by_query"))
        before = stages[stages.index(ALIASES) - 1]
        fault = Fault(kill_server(steps, Node(opensearch.integration)))
        pull_through(steps, [restore, update, before, ALIASES], fault, before)

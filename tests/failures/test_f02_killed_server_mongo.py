"""F2: a mongod is killed, and started again, at any stage of a pull."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_mongo
from tests.failures.kills import PULL, SYNC, Fault, kill_server, pull_through
from tests.failures.stages import Stage
from tests.servers.mongod import Mongo, mongod

pytestmark = pytest.mark.live

SILENT = frozenset({"comparing rows with the manifest"})
PROMOTING = Stage(doing="promoting")


def test_a_server_that_is_killed_at_any_stage_serves_the_old_data_again(
    tmp_path: Path, mongo: Mongo
) -> None:
    """In the midst of the renames each collection is the old one or the new."""
    with mongod(tmp_path, "mortal") as server:
        server.make_admin()
        with gated_mongo(tmp_path, mongo.primary, server) as steps:
            assert steps.scene.run(*SYNC).code == 0
            stages = steps.stages(*PULL, silent=SILENT)
            promoting = stages[stages.index(PROMOTING) :]
            told = [each for each in stages if each.doing and each not in promoting]
            fault = Fault(kill_server(steps, server))
            pull_through(steps, [*told, *promoting], fault, PROMOTING)

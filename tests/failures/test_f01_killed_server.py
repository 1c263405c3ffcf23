"""F1: the server that is dumped is killed, and started again, at any stage of a push."""

from pathlib import Path

import pytest

from tests.failures.aftermath import Serves
from tests.failures.gated import gated_mongo, gated_mysql, gated_postgresql
from tests.failures.kills import PUSH, SYNC, Fault, kill_server, push_through
from tests.servers.mariadb import two_servers
from tests.servers.mongod import mongod
from tests.servers.postgresql import Postgresql, own_servers

pytestmark = pytest.mark.live

SILENT = frozenset({"publishing the manifest"})
"""What asks the server nothing any more."""
DUMPING = "dumping, compressing and uploading"


def test_a_push_whose_postgresql_is_killed_at_any_stage_leaves_no_artefact(tmp_path: Path) -> None:
    with (
        own_servers("production", "integration") as (production, integration),
        gated_postgresql(tmp_path, Postgresql(production, integration)) as steps,
    ):
        stages = steps.stages(*PUSH, silent=SILENT)
        push_through(steps, stages, Fault(kill_server(steps, production)))


def test_a_push_whose_mariadb_is_killed_at_any_stage_leaves_no_artefact(tmp_path: Path) -> None:
    with two_servers() as servers, gated_mysql(tmp_path, servers) as steps:
        stages = steps.stages(*PUSH, silent=SILENT)
        reading = [each for each in steps.kinds(DUMPING) if " SQL_NO_CACHE " in each.asks]
        assert reading != []
        push_through(steps, [*stages, *reading], Fault(kill_server(steps, servers.production)))


def test_a_push_whose_mongod_is_killed_at_any_stage_begins_again_or_leaves_no_artefact(
    tmp_path: Path,
) -> None:
    """Reads that have brought nothing yet are tried again, so that a push may get over it."""
    with (
        mongod(tmp_path, "first") as production,
        mongod(tmp_path, "second") as integration,
    ):
        for server in (production, integration):
            server.make_admin()
        with gated_mongo(tmp_path, production, integration) as steps:
            assert steps.scene.run(*SYNC).code == 0
            stages = steps.stages(*PUSH, silent=SILENT) + steps.kinds(DUMPING)
            fault = Fault(kill_server(steps, production), serves=Serves.EITHER)
            push_through(steps, stages, fault)

"""F2: the restoring program is killed at any stage, and the old database is still live."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_postgresql
from tests.failures.kills import PULL, Fault, kill_program, pull_through
from tests.failures.stages import Stage
from tests.servers.postgresql import Postgresql

pytestmark = pytest.mark.live


def test_a_pull_whose_restoring_program_is_killed_leaves_the_old_database_live(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        stages = steps.stages(*PULL, program="pg_restore")
        assert stages != []
        fault = Fault(kill_program(steps, "pg_restore"), "unheard")
        pull_through(steps, stages, fault, Stage(asks="postgres: COMMIT"))

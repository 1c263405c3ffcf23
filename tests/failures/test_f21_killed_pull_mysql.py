"""F21: envsync is killed at any stage of a pull of MySQL; the next pull clears up and succeeds."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_mysql
from tests.failures.kills import PULL, Fault, kill, pull_through
from tests.failures.stages import Stage
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live


def test_a_pull_that_is_killed_at_any_stage_is_cleared_up_by_the_next(
    tmp_path: Path, mariadb: Mariadb
) -> None:
    with gated_mysql(tmp_path, mariadb) as steps:
        renamed = Stage(asks="server: RENAME TABLE TO TO")
        pull_through(steps, steps.stages(*PULL), Fault(kill), renamed)

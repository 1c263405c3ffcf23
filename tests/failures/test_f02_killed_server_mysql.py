"""F2: a server of MySQL is killed, and started again, at any stage of a pull."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_mysql
from tests.failures.kills import PULL, Fault, kill_server, pull_through
from tests.failures.stages import Stage
from tests.servers.mariadb import two_servers

pytestmark = pytest.mark.live

RENAME = Stage(asks="server: RENAME TABLE TO TO")


def test_a_server_that_is_killed_at_any_stage_serves_the_old_data_again(tmp_path: Path) -> None:
    with two_servers() as servers, gated_mysql(tmp_path, servers) as steps:
        stages = [*steps.told_stages(*PULL), RENAME]
        pull_through(steps, stages, Fault(kill_server(steps, servers.integration)), RENAME)

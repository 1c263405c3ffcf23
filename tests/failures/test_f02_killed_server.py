"""F2: a server is killed, and started again, at any stage of a pull."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_postgresql
from tests.failures.kills import PULL, Fault, kill_server, pull_through
from tests.failures.stages import Stage
from tests.servers.postgresql import Postgresql, own_servers

pytestmark = pytest.mark.live

COMMIT = Stage(asks="postgres: COMMIT")


def test_a_server_that_is_killed_at_any_stage_serves_the_old_data_again(tmp_path: Path) -> None:
    with (
        own_servers("production", "integration") as (production, integration),
        gated_postgresql(tmp_path, Postgresql(production, integration)) as steps,
    ):
        stages = [*steps.told_stages(*PULL), COMMIT]
        pull_through(steps, stages, Fault(kill_server(steps, integration)), COMMIT)

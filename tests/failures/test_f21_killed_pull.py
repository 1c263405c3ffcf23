"""F21: envsync is killed at any stage of a pull; the next pull clears up and succeeds."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_postgresql
from tests.failures.kills import PULL, Fault, kill, pull_through
from tests.failures.stages import Stage
from tests.servers.postgresql import Postgresql

pytestmark = pytest.mark.live


def test_a_pull_that_is_killed_at_any_stage_is_cleared_up_by_the_next(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        pull_through(steps, steps.stages(*PULL), Fault(kill), Stage(asks="postgres: COMMIT"))

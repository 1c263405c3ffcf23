"""F1: a push, or its dump program, is killed at any stage; no half artefact is ever the latest."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_postgresql
from tests.failures.kills import PUSH, Fault, kill, kill_program, push_through
from tests.servers.postgresql import Postgresql
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live


def test_a_push_that_is_killed_at_any_stage_leaves_nothing_for_long(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    with gated_postgresql(tmp_path, postgresql, moto_server) as steps:
        push_through(steps, steps.stages(*PUSH), Fault(kill))


def test_a_push_whose_dump_program_is_killed_at_any_stage_leaves_no_artefact(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    with gated_postgresql(tmp_path, postgresql, moto_server) as steps:
        stages = steps.stages(*PUSH, program="pg_dump")
        push_through(steps, stages, Fault(kill_program(steps, "pg_dump"), "unheard"))

"""F1: a push of MySQL, or its dump program, is killed at any stage."""

from pathlib import Path

import pytest

from tests.failures.gated import gated_mysql
from tests.failures.kills import PUSH, Fault, kill, kill_program, push_through
from tests.servers.mariadb import Mariadb
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live


def test_a_push_that_is_killed_at_any_stage_leaves_nothing_for_long(
    tmp_path: Path, mariadb: Mariadb, moto_server: S3Server
) -> None:
    with gated_mysql(tmp_path, mariadb, moto_server) as steps:
        push_through(steps, steps.stages(*PUSH), Fault(kill))


def test_a_push_whose_dump_program_is_killed_at_any_stage_leaves_no_artefact(
    tmp_path: Path, mariadb: Mariadb, moto_server: S3Server
) -> None:
    with gated_mysql(tmp_path, mariadb, moto_server) as steps:
        stages = steps.stages(*PUSH, program="mariadb-dump")
        push_through(steps, stages, Fault(kill_program(steps, "mariadb-dump"), "unheard"))

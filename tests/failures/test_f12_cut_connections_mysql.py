"""F12: the connections to MariaDB and to S3 are cut at any stage: got over, or told."""

from pathlib import Path

import pytest

from tests.failures.aftermath import Serves
from tests.failures.gated import gated_mysql
from tests.failures.kills import PULL, PUSH, Fault, cut, pull_through, push_through
from tests.failures.stages import Stage
from tests.servers.mariadb import Mariadb
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

RENAME = Stage(asks="server: RENAME TABLE TO TO")


def test_a_cut_at_any_stage_is_got_over_or_told(
    tmp_path: Path, mariadb: Mariadb, moto_server: S3Server
) -> None:
    with gated_mysql(tmp_path, mariadb, moto_server) as steps:
        stages = [*steps.told_stages(*PULL), RENAME]
        pull_through(steps, stages, Fault(cut(steps)), RENAME)
        push_through(steps, steps.told_stages(*PUSH), Fault(cut(steps), serves=Serves.EITHER))

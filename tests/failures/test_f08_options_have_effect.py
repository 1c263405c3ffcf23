"""F8: an option does what it says, seen from the server's side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.gated import gated_mysql, gated_postgresql
from tests.failures.kills import PULL
from tests.failures.stages import Stage
from tests.servers.mariadb import Mariadb
from tests.servers.postgresql import Postgresql
from tests.servers.waiting import until

pytestmark = pytest.mark.live

JOBS = [1, 2, 5]


@pytest.mark.parametrize("jobs", JOBS)
def test_a_restore_uses_as_many_connections_as_it_is_told(
    tmp_path: Path, postgresql: Postgresql, jobs: int
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        site = steps.scene.site
        steps.scene.change("integration", "databases.app.restore_jobs", jobs)
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        with steps.stopped(Stage(asks="__incoming: COPY"), "unheard", *PULL) as running:
            until_there_are(
                jobs, lambda: site.integration.ask(query, (f"{site.target}__incoming",))
            )
            steps.gates.resume()
            ended = steps.ended(running)
        assert_aftermath(steps.scene, ended, None, Serves.FRESH, again=PULL)


@pytest.mark.parametrize("jobs", JOBS)
def test_a_restore_of_mysql_uses_as_many_connections_as_it_is_told(
    tmp_path: Path, mariadb: Mariadb, jobs: int
) -> None:
    with gated_mysql(tmp_path, mariadb) as steps:
        site = steps.scene.site
        steps.scene.change("integration", "databases.app.restore_jobs", jobs)
        query = (
            "SELECT ID FROM information_schema.PROCESSLIST "
            f"WHERE DB = '{site.target}__incoming' AND USER = '{site.accounts['integration']}'"
        )
        with steps.stopped(Stage(asks="server: INSERT INTO VALUES"), "unheard", *PULL) as running:
            until_there_are(jobs, lambda: site.integration.run(query))
            steps.gates.resume()
            ended = steps.ended(running)
        assert_aftermath(steps.scene, ended, None, Serves.FRESH, again=PULL)


def until_there_are(jobs: int, sessions: Callable[[], list[Any]]) -> None:
    until(lambda: len(sessions()) == jobs, f"{jobs} sessions, not {len(sessions())}")

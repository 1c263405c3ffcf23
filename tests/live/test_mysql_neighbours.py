"""What others do to a live schema of MySQL while it is exchanged, and before that is recovered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.failures.aftermath import assert_nothing_left
from tests.failures.gated import gated_mysql
from tests.failures.mysql_scene import MysqlScene
from tests.failures.stages import Stage, Steps
from tests.live.mysql_site import MysqlSite, mysql_site
from tests.live.test_mysql_exchanges import is_left, killed_behind_the_rename
from tests.live.test_mysql_road import told
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live

SYNC = ("sync", "app")
ROLLBACK = ("rollback", "app", "--env", "integration")
RENAME = Stage(asks="server: RENAME TABLE TO TO")


@pytest.fixture
def site(tmp_path: Path, mariadb: Mariadb) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path, mariadb) as made:
        yield made


@pytest.fixture
def steps(tmp_path: Path, mariadb: Mariadb) -> Iterator[Steps[MysqlScene]]:
    with gated_mysql(tmp_path, mariadb) as made:
        yield made


def live_tables(site: MysqlSite, suffix: str = "") -> set[str]:
    """Return the tables of the live schema, or of one beside it; not the views."""
    found = site.integration.run(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE <> 'VIEW' "
        f"AND TABLE_SCHEMA = '{site.target}{suffix}'"
    )
    return {name for (name,) in found}


def test_views_and_tables_change_into_each_other_and_back(site: MysqlSite) -> None:
    site.integration.run(
        "CREATE VIEW notes AS SELECT id FROM people;\nDROP VIEW towns;\n"
        "CREATE TABLE towns (town text)",
        site.target,
    )
    before = told(site.integration, site.target)
    assert site.run(*SYNC).code == 0
    now = told(site.integration, site.target)
    for expected in (before, now, before):
        ran = site.run(*ROLLBACK)
        assert (ran.code, told(site.integration, site.target)) == (0, expected), ran.err


def test_a_recovery_leaves_out_what_an_application_has_taken_the_tables_of(
    site: MysqlSite,
) -> None:
    killed_behind_the_rename(site)
    site.integration.run("DROP TABLE notes;\nDROP TABLE people", site.target)
    ran = site.run(*SYNC)
    assert (ran.code, is_left(site)) == (0, []), ran.err
    assert "cannot create trigger 'people_lower'" in ran.err


def test_tables_made_and_dropped_before_the_rename_do_not_keep_the_copy_out(
    steps: Steps[MysqlScene],
) -> None:
    scene = steps.scene
    site = scene.site
    scene.next_run()
    steps.gates.stop_at(RENAME.is_reached_by, "unheard")
    pulling = steps.start("pull", "app")
    steps.gates.wait(lambda: pulling.poll() is not None)
    site.integration.run("DROP TABLE notes;\nCREATE TABLE invented (id int)", site.target)
    steps.gates.resume()
    ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (0, scene.fresh()), ended.err
    assert live_tables(site) == {"people", "notes"}
    assert live_tables(site, "__previous") == {"people", "invented"}
    assert_nothing_left(scene)


def test_tables_made_and_dropped_behind_the_rename_do_not_keep_the_old_ones_out(
    steps: Steps[MysqlScene],
) -> None:
    scene = steps.scene
    site = scene.site
    site.integration.run("CREATE TABLE former AS SELECT 1 AS id", site.target)
    old = scene.served()
    scene.next_run()
    with steps.stopped(RENAME, "unanswered", "pull", "app") as pulling:
        site.integration.run(
            "DROP TABLE notes;\nCREATE TABLE former AS SELECT 2 AS id", site.target
        )
        steps.gates.open()
        ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (1, old), ended.err
    assert "what was live still is" in ended.err
    assert live_tables(site) == {"people", "notes", "former"}
    assert ids(site, "former") == (1,)
    following = scene.run(*SYNC)
    assert (following.code, scene.served()) == (0, scene.fresh()), following.err
    assert_nothing_left(scene)


def ids(site: MysqlSite, table: str) -> tuple[Any, ...]:
    return tuple(
        number for (number,) in site.integration.run(f"SELECT id FROM {table}", site.target)
    )


def test_a_table_that_points_into_the_previous_schema_does_not_keep_it_from_going(
    site: MysqlSite,
) -> None:
    assert [site.run(*SYNC).code for _ in range(2)] == [0, 0]
    site.integration.run(f"CREATE DATABASE `{site.target}_other`")
    site.integration.run(
        "CREATE TABLE pointing (id int, FOREIGN KEY (id) "
        f"REFERENCES `{site.target}__previous`.people (id))",
        f"{site.target}_other",
    )
    for _ in range(2):
        ran = site.run(*SYNC)
        assert (ran.code, "could not be dropped" in ran.err) == (0, False), ran.err
        assert site.schemas() == {"live", "__previous", "_other"}

"""Exchanges of MySQL's tables that are cut short: either state is reached, and whole."""

import hashlib
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.live.mysql_site import OLD, MysqlSite, mysql_site
from tests.live.test_mysql_road import told
from tests.servers.mariadb import Mariadb
from tests.servers.waiting import until

pytestmark = pytest.mark.live

# It reads no table: who holds it keeps CREATE VIEW waiting, and not the RENAME TABLE before that.
CONSTANT = "CREATE OR REPLACE VIEW towns AS SELECT 'Nowhere' AS town"
FORMER = "CREATE VIEW former AS SELECT email FROM people"
WAITING = """
SELECT INFO FROM information_schema.PROCESSLIST
 WHERE USER = '{}' AND INFO LIKE '{}' AND STATE NOT IN ('', 'Init')
"""
FAILING = "SELECT 1;\n"


@pytest.fixture
def site(tmp_path: Path, mariadb: Mariadb) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path, mariadb) as made:
        yield made


def state(site: MysqlSite) -> dict[str, Any]:
    """Return all that belongs to the live schema: what it holds, and where that came from."""
    came = site.integration.run(
        f"SELECT provenance FROM envsync.provenance WHERE schema_name = '{site.target}'"
    )
    return {**told(site.integration, site.target), "provenance of it": came}


def state_before(site: MysqlSite) -> dict[str, Any]:
    """Return what belongs to a live schema that envsync has never promoted."""
    return {**told(site.integration, site.target), "provenance of it": []}


def waits(site: MysqlSite, statement: str) -> Callable[[], bool]:
    """Tell whether envsync waits on the server for what somebody holds."""
    query = WAITING.format(site.accounts["integration"], statement)
    return lambda: bool(site.integration.run(query))


@contextmanager
def holding(site: MysqlSite, statement: str) -> Iterator[None]:
    """Hold what a statement reads, in a session that is in no schema, and so is not ended."""
    with site.integration.connect() as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(statement)
        yield
        holder.rollback()


def is_left(site: MysqlSite) -> list[Any]:
    """Return what is left of an exchange, in envsync's own schema."""
    digest = hashlib.sha256(site.target.encode()).hexdigest()[:40]
    return [
        *site.integration.run(f"SELECT * FROM envsync.under_way WHERE live = '{site.target}'"),
        *site.integration.run(
            f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_NAME LIKE '%{digest}'"
        ),
    ]


def test_a_promote_that_is_ended_behind_the_rename_leaves_yesterday_s_schema_whole(
    site: MysqlSite,
) -> None:
    site.integration.run(f"{CONSTANT};\n{FORMER}", site.target)
    before = state_before(site)
    with holding(site, f"SELECT * FROM `{site.target}`.towns"):
        running = site.start("sync", "app")
        until(waits(site, "%CREATE%VIEW%towns%"), "the view to be waited for")
        assert len(site.people()) == 500
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 1, err
    assert (state(site), is_left(site)) == (before, []), err
    assert site.schemas() <= {"live", "__previous", "__discarded"}
    assert site.run("sync", "app").code == 0


def killed_behind_the_rename(site: MysqlSite) -> dict[str, Any]:
    """Kill a promote that follows its tables; returns what it was about to make live."""
    assert site.run("sync", "app").code == 0
    expected = told(site.integration, site.target)
    assert site.run("rollback", "app", "--env", "integration").code == 0
    site.integration.run(f"{CONSTANT};\n{FORMER}", site.target)
    with holding(site, f"SELECT * FROM `{site.target}`.towns"):
        running = site.start("sync", "app")
        until(waits(site, "%CREATE%VIEW%towns%"), "the view to be waited for")
        running.kill()
        running.communicate(timeout=60)
    return expected


def test_a_promote_that_is_killed_behind_the_rename_is_finished_by_a_pull_that_fails(
    site: MysqlSite,
) -> None:
    expected = killed_behind_the_rename(site)
    site.script(checks=FAILING)
    assert site.run("pull", "app").code == 1
    assert (told(site.integration, site.target), is_left(site)) == (expected, [])


def test_a_trial_loses_nothing_of_a_promote_that_was_killed(site: MysqlSite) -> None:
    expected = killed_behind_the_rename(site)
    assert site.run("sanitise.try", "app").code == 0
    assert (told(site.integration, site.target), is_left(site)) == (expected, [])


def killed_in_the_rename(site: MysqlSite, *arguments: str) -> None:
    """Kill a run that waits for the RENAME TABLE, which the server carries out nevertheless."""
    before = site.people()
    with holding(site, f"SELECT * FROM `{site.target}`.notes"):
        running = site.start(*arguments)
        until(waits(site, "RENAME TABLE%"), "the tables to be waited for")
        running.send_signal(signal.SIGSTOP)
    for _ in range(20):
        if has_changed(site, before):
            break
        # The server had just given up waiting: the next attempt is a second later.
        with holding(site, f"SELECT * FROM `{site.target}`.notes"):
            running.send_signal(signal.SIGCONT)
            until(waits(site, "RENAME TABLE%"), "the tables to be waited for")
            running.send_signal(signal.SIGSTOP)
    running.kill()
    running.communicate(timeout=60)
    assert site.people() != before


def has_changed(site: MysqlSite, before: tuple[Any, ...]) -> bool:
    """Tell whether other people than before live in the live schema, now or in a moment."""
    with suppress(AssertionError):
        until(lambda: site.people() != before, "the tables to change places", 5)
    return site.people() != before


def test_a_rollback_that_is_killed_in_the_rename_is_finished_by_a_pull_that_fails(
    site: MysqlSite,
) -> None:
    before = state_before(site)
    assert site.run("sync", "app").code == 0
    killed_in_the_rename(site, "rollback", "app", "--env", "integration")
    site.script(checks=FAILING)
    assert site.run("pull", "app").code == 1
    assert (state(site), is_left(site)) == (before, [])


FINISHED = "this finished a rollback that was interrupted, and exchanged nothing more; run it again"


def test_a_rollback_that_is_killed_in_the_rename_is_finished_by_the_next_and_no_more(
    site: MysqlSite,
) -> None:
    before = state_before(site)
    assert site.run("sync", "app").code == 0
    after = told(site.integration, site.target)
    killed_in_the_rename(site, "rollback", "app", "--env", "integration")
    ran = site.run("rollback", "app", "--env", "integration")
    assert (ran.code, state(site), is_left(site)) == (0, before, []), ran.err
    assert FINISHED in ran.out
    assert site.schemas() == {"live", "__previous"}
    again = site.run("rollback", "app", "--env", "integration")
    assert (again.code, told(site.integration, site.target)) == (0, after), again.err
    assert FINISHED not in again.out


def test_a_rollback_that_is_killed_behind_the_rename_is_finished_by_the_next_and_no_more(
    site: MysqlSite,
) -> None:
    site.integration.run(f"{CONSTANT};\n{FORMER}", site.target)
    assert site.run("sync", "app").code == 0
    after = state(site)
    assert site.run("rollback", "app", "--env", "integration").code == 0
    with holding(site, f"SELECT * FROM `{site.target}`.towns"):
        running = site.start("rollback", "app", "--env", "integration")
        until(waits(site, "%CREATE%VIEW%towns%"), "the view to be waited for", 60)
        running.kill()
        running.communicate(timeout=60)
    ran = site.run("rollback", "app", "--env", "integration")
    assert (ran.code, state(site), is_left(site)) == (0, after, []), ran.err
    assert f"with the data of {site.manifest()['stamp']}; {FINISHED}" in ran.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_rollback_that_a_signal_ends_leaves_what_was_live_whole(
    site: MysqlSite, number: signal.Signals
) -> None:
    site.integration.run(f"{CONSTANT};\n{FORMER}", site.target)
    before = state_before(site)
    assert site.run("sync", "app").code == 0
    assert site.run("rollback", "app", "--env", "integration").code == 0
    with holding(site, f"SELECT * FROM `{site.target}`.towns"):
        running = site.start("rollback", "app", "--env", "integration")
        until(waits(site, "%CREATE%VIEW%towns%"), "the view to be waited for", 60)
        running.send_signal(number)
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (2, f"interrupted by {number.name}\n")
    assert (state(site), is_left(site)) == (before, [])


def test_a_rollback_of_a_promote_that_was_killed_brings_back_what_that_has_replaced(
    site: MysqlSite,
) -> None:
    killed_behind_the_rename(site)
    ran = site.run("rollback", "app", "--env", "integration")
    assert (ran.code, site.people(), is_left(site)) == (0, OLD, []), ran.err
    assert FINISHED not in ran.out


def test_a_promote_that_is_killed_in_the_rename_is_finished_by_a_pull_that_fails(
    site: MysqlSite,
) -> None:
    assert site.run("sync", "app").code == 0
    site.production.run(
        "UPDATE people SET town = 'New';\nDROP FUNCTION answer;\n"
        "CREATE FUNCTION question() RETURNS int DETERMINISTIC RETURN 43",
        site.source,
    )
    killed_in_the_rename(site, "sync", "app")
    site.script(checks=FAILING)
    assert site.run("pull", "app").code == 1
    found = told(site.integration, site.target)
    assert {"people_lower", "tidy", "question"} <= found.keys()
    assert ("answer" in found, is_left(site)) == (False, [])


def test_a_rollback_succeeds_whatever_an_earlier_run_could_not_drop(site: MysqlSite) -> None:
    before = told(site.integration, site.target)
    assert site.run("sync", "app").code == 0
    site.integration.run(f"CREATE DATABASE `{site.target}__discarded`")
    site.integration.run("CREATE TABLE people (id int)", f"{site.target}__discarded")
    ran = site.run("rollback", "app", "--env", "integration")
    assert (ran.code, told(site.integration, site.target)) == (0, before), ran.err
    assert site.schemas() == {"live", "__previous"}

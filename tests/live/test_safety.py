"""What nobody may ever see: data not yet sanitised, a database that is gone, a lock that stays."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from envsync.commands.postgresql_text import conninfo
from tests.live.site import SCRIPT, Site
from tests.servers.postgresql import PASSWORD
from tests.servers.waiting import until

pytestmark = pytest.mark.live

OLD = [(1, "yesterday@example.com", "Yesterday")]
SLOW = f"SELECT pg_sleep(30);\n{SCRIPT}"


class Reader(threading.Thread):
    """An application that connects anew every few milliseconds and reads what it finds."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._conninfo = site.integration.conninfo(site.target, site.owner)
        self._done = threading.Event()
        self.seen: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def run(self) -> None:
        while not self._done.is_set():
            try:
                self.seen[self._read()] += 1
            except psycopg.Error as error:
                self.refused[str(error).strip()] += 1
            time.sleep(0.01)

    def _read(self) -> str:
        with psycopg.connect(self._conninfo, password=PASSWORD) as connection:
            rows = connection.execute("SELECT email FROM people ORDER BY id").fetchall()
        return "yesterday" if rows == [("yesterday@example.com",)] else _kind(rows)

    def stop(self) -> None:
        self._done.set()
        self.join()


def _kind(rows: list[tuple[str, ...]]) -> str:
    clean = all(email.endswith("@example.com") for (email,) in rows)
    return "sanitised" if clean and len(rows) == 500 else f"{len(rows)} rows, clean: {clean}"


def test_a_reader_sees_yesterday_s_data_or_the_sanitised_copy_and_nothing_else(site: Site) -> None:
    reader = Reader(site)
    reader.start()
    ran = site.run("sync", "app")
    until(lambda: "sanitised" in reader.seen, "the reader to see the copy")
    reader.stop()
    assert (ran.code, set(reader.seen)) == (0, {"yesterday", "sanitised"}), ran.err


def test_a_client_that_holds_on_is_ended_and_finds_the_new_database(site: Site) -> None:
    conninfo = site.integration.conninfo(site.target, site.owner)
    with psycopg.connect(conninfo, password=PASSWORD, autocommit=True) as old:
        ran = site.run("sync", "app")
        with pytest.raises(psycopg.OperationalError):
            old.execute("SELECT 1")
    assert (ran.code, len(site.people())) == (0, 500), ran.err


def test_a_session_that_must_not_be_ended_is_waited_for(site: Site) -> None:
    visitor = psycopg.connect(
        site.integration.conninfo(site.target), password=PASSWORD, autocommit=True
    )
    running = site.start("sync", "app")
    until(lambda: "__incoming" in site.databases(), "the quarantine")
    threading.Timer(8, visitor.close).start()
    _, told = running.communicate(timeout=60)
    assert (running.returncode, len(site.people())) == (0, 500), told


def test_a_session_that_never_goes_makes_the_pull_red_and_leaves_the_old_data(site: Site) -> None:
    conninfo = site.integration.conninfo(site.target)
    with psycopg.connect(conninfo, password=PASSWORD, autocommit=True) as visitor:
        ran = site.run("sync", "app")
        assert visitor.execute("SELECT 1").fetchone() == (1,)
    assert ran.code == 1
    assert f"may not end stay: postgres in '{site.target}'" in ran.err
    assert (site.people(), site.databases()) == (OLD, {"live"})


@contextmanager
def interrupted(site: Site, how: signal.Signals) -> Iterator[str]:
    """Start a sync whose script takes long, and send it a signal while the script runs."""
    site.script(SLOW)
    running = site.start("sync", "app")
    until(lambda: _is_sanitising(site), "the script to run")
    yield f"{site.target}__incoming"
    running.send_signal(how)
    _, told = running.communicate(timeout=60)
    assert running.returncode == (1 if how == signal.SIGTERM else -how), told


def _is_sanitising(site: Site) -> bool:
    found = site.integration.run(
        "SELECT datname FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(30)%'"
    )
    return (f"{site.target}__incoming",) in found


@pytest.mark.parametrize("role", ["owner", "stranger"])
def test_no_application_role_can_reach_the_quarantine(site: Site, role: str) -> None:
    name = site.owner if role == "owner" else site.integration.role("stranger")
    with interrupted(site, signal.SIGTERM) as quarantine:
        target = site.integration.target(quarantine, name)
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(conninfo(target.endpoint, target.database), password=PASSWORD)


def test_sigterm_unwinds_everything_and_yesterday_stays(site: Site) -> None:
    with interrupted(site, signal.SIGTERM):
        pass
    assert (site.people(), site.databases()) == (OLD, {"live"})


def test_after_sigterm_the_journal_says_why(site: Site) -> None:
    with interrupted(site, signal.SIGTERM):
        pass
    assert "interrupted by SIGTERM" in site.run("history", "app").out


def test_after_sigkill_status_says_interrupted_and_the_next_run_clears_up(site: Site) -> None:
    with interrupted(site, signal.SIGKILL):
        pass
    assert site.people() == OLD
    assert "interrupted" in site.run("status").out
    site.script()
    ran = site.run("sync", "app")
    assert (ran.code, site.databases()) == (0, {"live", "__previous"}), ran.err


def test_a_failing_script_changes_nothing_that_anybody_sees(site: Site) -> None:
    site.script("UPDATE people SET town = '';\nUPDATE nobody SET town = '';\n")
    ran = site.run("sync", "app")
    assert ran.code == 1
    assert 'clean.sql:2 failed: relation "nobody" does not exist; nothing was promoted' in ran.err
    assert (site.people(), site.databases()) == (OLD, {"live"})


def test_the_next_run_after_a_failure_succeeds(site: Site) -> None:
    site.script("SELECT 1/0;\n")
    assert site.run("sync", "app").code == 1
    site.script()
    assert site.run("sync", "app").code == 0


def test_children_die_with_a_killed_run(site: Site) -> None:
    site.production.run(
        "INSERT INTO notes SELECT n, NULL, repeat(md5(n::text), 300) FROM generate_series(1000, 20000) n",
        site.source,
    )
    running = site.start("push", "app", "--env", "production")
    until(lambda: bool(_dumping(site)), "pg_dump to run")
    running.kill()
    running.communicate()
    until(lambda: not _dumping(site), "pg_dump to end")
    assert not any(name.endswith(".manifest.json") for name in site.artefacts())


def _dumping(site: Site) -> list[object]:
    """Return the sessions that read whole tables, as pg_dump does."""
    found = site.production.run(
        "SELECT datname, pid FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active'"
    )
    return [pid for name, pid in found if name == site.source]


def test_a_run_that_passes_its_deadline_ends_red_and_leaves_nothing(site: Site) -> None:
    site.script(SLOW)
    site.write(integration={"syncs.app.deadline": "4s"})
    ran = site.run("sync", "app")
    assert ran.code == 1
    assert "its deadline of 0:00:04 has passed" in ran.err
    assert (site.people(), site.databases()) == (OLD, {"live"})


def test_a_dry_run_shows_the_commands_and_touches_nothing(site: Site) -> None:
    ran = site.run("sync", "app", "--dry-run")
    assert ran.code == 0, ran.err
    assert "ALTER DATABASE" in ran.out
    assert (site.people(), site.databases(), site.artefacts()) == (OLD, {"live"}, [])


def test_a_dry_run_shows_every_command_that_the_run_then_carries_out(site: Site) -> None:
    shown = site.run("sync", "app", "--dry-run").out
    order = ["pg_dump", "publish", "download", "sanitise", "check", "VACUUM", "RENAME"]
    positions = [shown.index(word) for word in order]
    assert positions == sorted(positions)

"""Runs that are disturbed from outside: told as what they are, nothing promoted that must not be."""

import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time

import psycopg
import pytest

from tests.live.awaiting import awaited
from tests.live.program import PATIENCE
from tests.live.site import SCRIPT, Site
from tests.live.untouched import OLD
from tests.servers.postgresql import PASSWORD
from tests.servers.waiting import until

pytestmark = pytest.mark.live

HALF_COMMITTED = """
import os, signal, sqlite3, sys
journal = sqlite3.connect(sys.argv[1])
journal.execute("PRAGMA cache_size = 2")
journal.execute("BEGIN")
for n in range(3000):
    journal.execute(
        "INSERT INTO undelivered (environment, service, code, message, since) "
        "VALUES ('e', ?, 0, ?, 'x')", (str(n), "y" * 500))
os.kill(os.getpid(), signal.SIGKILL)
"""
CLAIMS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
DROPPING = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DROP DATABASE%'"


def test_a_pull_that_loses_its_claim_promotes_nothing(site: Site) -> None:
    others = {pid for (pid,) in site.integration.run(CLAIMS)}
    with awaited(site.integration) as word:
        site.script(f"{word.awaited}{SCRIPT}")
        running = site.start("sync", "app")
        until(word.is_awaited, "the script to wait")
        (claim,) = {pid for (pid,) in site.integration.run(CLAIMS)} - others
        site.integration.run(f"SELECT pg_terminate_backend({claim}, 60000)")
        word.give()
        _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1
    assert "the session that kept others from this database has ended" in err
    assert site.people() == OLD
    assert site.databases() == {"live"}


def test_what_a_killed_process_left_in_the_journal_stops_nobody(site: Site) -> None:
    assert site.run("sync", "app").code == 0
    journal = site.folder / "state" / "journal.sqlite"
    subprocess.run((sys.executable, "-c", HALF_COMMITTED, str(journal)), check=False)
    assert site.run("status").code == 0
    ran = site.run("nightly")
    assert ran.code == 0, ran.err


def test_a_journal_that_cannot_be_written_makes_a_run_red_and_not_undone(site: Site) -> None:
    with awaited(site.integration) as word:
        site.script(f"{word.awaited}{SCRIPT}")
        running = site.start("nightly", "--env", "integration")
        until(word.is_awaited, "the script to wait")
        lock = sqlite3.connect(site.folder / "state" / "journal.sqlite", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        word.give()
        _, err = running.communicate(timeout=PATIENCE)
        lock.close()
    assert running.returncode == 1
    assert "status and history will not know of this" in err
    assert "1 done" in err or "2 done" in err
    assert len(site.people()) == 500


def test_a_signal_while_the_discarded_database_is_dropped_leaves_a_step_that_is_done(
    site: Site,
) -> None:
    for _ in range(2):
        assert site.run("sync", "app").code == 0
        time.sleep(1)
    site.production.run("UPDATE people SET town = 'New'", site.source)
    stuck = psycopg.connect(
        site.integration.conninfo("postgres"), password=PASSWORD, autocommit=True
    )
    os.kill(stuck.info.backend_pid, signal.SIGSTOP)
    try:
        running = site.start("sync", "app")
        until(lambda: bool(site.integration.run(DROPPING)), "the last drop")
        time.sleep(0.5)
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=60)
    finally:
        os.kill(stuck.info.backend_pid, signal.SIGCONT)
        stuck.close()
    assert {town for _, _, town in site.people()} == {"New"}
    assert "could not be dropped" in err


def test_a_program_that_leaves_another_running_does_not_keep_the_step(site: Site) -> None:
    program = shlex.join(("sh", "-c", "sleep 60 & exit 0"))
    site.write(integration={"syncs.app.after_promote": [program]})
    began = time.monotonic()
    assert site.run("sync", "app").code == 0
    assert time.monotonic() - began < 50

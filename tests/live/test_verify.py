"""Restore drills: an artefact is shown to be restorable, or told to be none, and nothing is left."""

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.live.scratch import Scratch, drilled, results
from tests.live.site import Site
from tests.live.stored import only
from tests.live.untouched import OLD
from tests.servers.nsca import NscaServer
from tests.servers.postgresql import PASSWORD
from tests.servers.waiting import until

pytestmark = pytest.mark.live


def test_a_sound_artefact_is_shown_to_be_restorable(pushed: Site, scratch: Scratch) -> None:
    drilled(pushed, scratch)
    ran = pushed.run("verify", "app")
    assert ran.code == 0, ran.err
    (result,) = results(pushed)
    assert result["healthy"] is True
    assert result["rows"] == {"public.people": 500, "public.notes": 500}
    assert result["checks"] == "raw.checks.sql"
    assert result["seconds"] > 0
    assert re.search(r"OK: verify .* in \d+s, 1,000 rows, checked by raw.checks.sql", ran.err)
    assert scratch.databases() == set()


def test_what_a_drill_showed_is_seen_in_backups_status_and_history(
    pushed: Site, scratch: Scratch
) -> None:
    drilled(pushed, scratch)
    before = pushed.run("backups", "app", "--env", "production").out
    assert pushed.run("verify", "app").code == 0
    pushed.environment["ENVSYNC_STATE"] = str(pushed.folder / "another_machine")
    after = pushed.run("backups", "app", "--env", "production").out
    pushed.environment["ENVSYNC_STATE"] = str(pushed.folder / "state")
    assert "not yet" in before
    assert re.search(r" ok \d{4}-\d\d-\d\d \d\d:\d\d ", after), after
    status = pushed.run("status", "--env", "production").out
    assert re.search(r"production +app +verify +- +done", status), status
    assert " verify " in pushed.run("history", "app").out


def test_a_flipped_bit_is_red_everywhere_and_told_beside_the_artefact(
    pushed: Site, scratch: Scratch, nsca: NscaServer
) -> None:
    prefix = f"envsync_{uuid4().hex[:6]}"
    drilled(pushed, scratch)
    pushed.write(
        production={
            "servers.scratch": scratch.entry(),
            "databases.app.verify": {},
            "icinga": {
                "transport": "nsca",
                "host": "127.0.0.1",
                "port": nsca.port,
                "config": str(nsca.folder / "send_nsca.cfg"),
                "service_prefix": prefix,
            },
        }
    )
    only(pushed).alter(only(pushed).dump.stat().st_size // 2)
    ran = pushed.run("verify", "app")
    assert ran.code == 1
    (result,) = results(pushed)
    assert result["healthy"] is False
    assert "is not what its manifest describes" in result["reason"]
    told = nsca.received(f"{prefix} verify app of production")
    assert told.startswith("2;CRITICAL: verify "), told
    backups = pushed.run("backups", "app", "--env", "production").out
    assert re.search(r" FAILED \d{4}-", backups), backups
    assert "failed" in pushed.run("status", "--env", "production").out
    assert scratch.databases() == set()


def test_an_artefact_that_is_cut_short_is_told_beside_it(pushed: Site, scratch: Scratch) -> None:
    drilled(pushed, scratch)
    os.truncate(only(pushed).dump, 100)
    ran = pushed.run("verify", "app")
    assert ran.code == 1, ran.err
    (result,) = results(pushed)
    assert (result["healthy"], "has 100 bytes" in result["reason"]) == (False, True)


def test_a_damaged_manifest_is_told_beside_it(pushed: Site, scratch: Scratch) -> None:
    drilled(pushed, scratch)
    only(pushed).manifest.write_text("{")
    assert pushed.run("verify", "app").code == 1
    (result,) = results(pushed)
    assert (result["healthy"], "cannot be trusted" in result["reason"]) == (False, True)


def test_a_manifest_that_counts_other_rows_is_a_failure_of_the_artefact(
    pushed: Site, scratch: Scratch
) -> None:
    drilled(pushed, scratch)
    only(pushed).describe(rows={"public.people": 501, "public.notes": 500})
    assert pushed.run("verify", "app").code == 1
    (result,) = results(pushed)
    assert (result["healthy"], result["rows"]["public.people"]) == (False, 500)
    assert "public.people 500 of 501" in result["reason"]


def test_a_check_of_the_raw_data_that_finds_rows_is_red(pushed: Site, scratch: Scratch) -> None:
    drilled(pushed, scratch)
    checks = pushed.folder / "sanitisation_sql" / "raw.checks.sql"
    checks.write_text("SELECT 1 WHERE false; SELECT id FROM people WHERE id = 7;")
    ran = pushed.run("verify", "app")
    assert ran.code == 1
    assert "check 2 of raw.checks.sql found rows (id)" in ran.err
    assert [result["healthy"] for result in results(pushed)] == [False]


def test_a_server_that_is_not_there_says_nothing_about_the_artefact(
    pushed: Site, scratch: Scratch
) -> None:
    drilled(pushed, scratch)
    gone = {**scratch.entry(), "port": 1}
    pushed.write(production={"servers.scratch": gone, "databases.app.verify": {}})
    ran = pushed.run("verify", "app")
    assert (ran.code, results(pushed)) == (2, [])
    assert "cannot connect to" in ran.err


def test_without_a_scratch_server_the_drill_is_beside_the_live_database(pushed: Site) -> None:
    drilled(pushed, None)
    before = pushed.production.run("SELECT count(*) FROM people", pushed.source)
    ran = pushed.run("verify", "app", "--env", "production")
    assert ran.code == 0, ran.err
    left = {name for (name,) in pushed.production.run("SELECT datname FROM pg_database")}
    assert not [name for name in left if name.startswith(f"{pushed.source}_")]
    assert pushed.production.run("SELECT count(*) FROM people", pushed.source) == before


def test_a_drill_needs_not_be_listed_to_be_run_by_hand(pushed: Site, scratch: Scratch) -> None:
    pushed.write(production={"servers.scratch": scratch.entry()})
    refused = pushed.run("verify", "app")
    assert (refused.code, "with --env; no drill of it is listed" in refused.err) == (2, True)
    ran = pushed.run("verify", "app", "--env", "production")
    assert (ran.code, len(results(pushed))) == (0, 1), ran.err


def test_another_artefact_can_be_named(pushed: Site, scratch: Scratch) -> None:
    drilled(pushed, scratch)
    older = only(pushed).taken_at("2020-01-01T00:00:00Z")
    ran = pushed.run("verify", "app", "--timestamp", "2020-01-01")
    assert ran.code == 0, ran.err
    (found,) = (pushed.folder / "artefacts" / "production").rglob("*.verification.json")
    assert found.name.startswith(f"{older.dump.name}.")


def test_a_dry_run_shows_the_drill_and_touches_nothing(pushed: Site, scratch: Scratch) -> None:
    drilled(pushed, scratch)
    ran = pushed.run("verify", "app", "--dry-run")
    assert (ran.code, results(pushed), scratch.databases()) == (0, [], set()), ran.err
    name = f"{pushed.source}__verify"
    shown = ran.out.splitlines()
    assert shown[0] == "# step 1: verify app of production"
    assert f'hold an advisory lock for "{name}" until the end' in shown[1]
    assert 'DROP DATABASE IF EXISTS "' in shown[-2]
    assert re.fullmatch(r"record how the drill went: file://.*\.verification\.json", shown[-1])
    assert "RENAME" not in ran.out


def test_a_night_verifies_what_is_due_after_it_was_pushed(site: Site, scratch: Scratch) -> None:
    drilled(site, scratch, at="05:00")
    ran = site.run("nightly")
    assert ran.code == 0, ran.err
    assert [line for line in ran.err.splitlines() if " OK: verify " in line]
    (result,) = results(site)
    assert result["healthy"] is True


def test_a_drill_that_is_not_due_is_left_to_its_night(site: Site, scratch: Scratch) -> None:
    far = datetime.now(UTC) + timedelta(days=180)
    drilled(site, scratch, cron=f"0 5 {min(far.day, 28)} {far.month} *")
    ran = site.run("nightly")
    assert (ran.code, results(site), "verify" in ran.err) == (0, [], False), ran.err


def test_an_ordinary_role_never_reads_a_drill(pushed: Site, scratch: Scratch) -> None:
    drilled(pushed, scratch)
    role = scratch.server.role("reader")
    checks = pushed.folder / "sanitisation_sql" / "raw.checks.sql"
    checks.write_text(
        "SELECT id FROM people WHERE id = 0 AND pg_sleep(3) IS NULL; SELECT 1 WHERE pg_sleep(3) IS NULL;"
    )
    running = pushed.start("verify", "app")
    until(lambda: bool(scratch.server.run(scratch.asleep)), "the checks to sleep")
    (name,) = scratch.databases()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(scratch.server.conninfo(name, role), password=PASSWORD)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err


def test_a_drill_that_is_killed_leaves_what_the_next_one_drops(
    pushed: Site, scratch: Scratch
) -> None:
    drilled(pushed, scratch)
    checks = pushed.folder / "sanitisation_sql" / "raw.checks.sql"
    checks.write_text("SELECT 1 WHERE pg_sleep(20) IS NULL;")
    running = pushed.start("verify", "app")
    until(lambda: bool(scratch.server.run(scratch.asleep)), "the checks to sleep")
    running.kill()
    running.communicate(timeout=60)
    scratch.server.run("SELECT pg_terminate_backend(pid) FROM (" + scratch.asleep + ") sleeping")
    assert scratch.databases() != set()
    assert "interrupted" in pushed.run("status", "--env", "production").out
    checks.write_text("SELECT 1 WHERE false;")
    ran = pushed.run("verify", "app")
    assert (ran.code, scratch.databases()) == (0, set()), ran.err


def test_a_drill_past_its_deadline_is_red_leaves_nothing_and_blames_no_artefact(
    pushed: Site, scratch: Scratch
) -> None:
    drilled(pushed, scratch, deadline="3s")
    checks = pushed.folder / "sanitisation_sql" / "raw.checks.sql"
    checks.write_text("SELECT 1 WHERE pg_sleep(20) IS NULL;")
    ran = pushed.run("verify", "app")
    assert (ran.code, results(pushed), scratch.databases()) == (1, [], set()), ran.err
    assert "its deadline of 0:00:03 has passed" in ran.err


def test_a_drill_of_a_protected_environment_needs_no_consent_as_it_replaces_nothing(
    pushed: Site, scratch: Scratch
) -> None:
    drilled(pushed, scratch)
    assert pushed.run("verify", "app", "--env", "production").code == 0
    assert pushed.people() == OLD


def test_a_storage_that_takes_no_result_is_refused_before_the_drill(
    pushed: Site, scratch: Scratch
) -> None:
    drilled(pushed, scratch)
    shutil.rmtree(pushed.folder / "artefacts" / "production")
    ran = pushed.run("verify", "app")
    assert (ran.code, scratch.databases()) == (2, set()), ran.err

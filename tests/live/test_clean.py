"""Data that is sanitised before it leaves its environment: what others may read was never raw."""

import hashlib
import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import zstandard

from tests.live.awaiting import awaited
from tests.live.program import PATIENCE
from tests.live.scratch import (
    Scratch,
    clean_files,
    clean_folder,
    clean_manifests,
    cleaning,
)
from tests.live.site import SCRIPT, Site
from tests.live.stored import only
from tests.live.untouched import OLD
from tests.servers.postgresql import PASSWORD
from tests.servers.waiting import until

pytestmark = pytest.mark.live

PERSONAL = b"@private.example"
CLEAN = [(n, f"person-{n}@example.com", f"Town {n}") for n in range(1, 501)]


def content(folder: Path) -> bytes:
    """Return all that lies in a storage, dumps decompressed."""
    whole = b""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.name.endswith(".zst"):
                with zstandard.ZstdDecompressor().stream_reader(data) as reader:
                    data = reader.read()
            whole += data
    return whole


def asleep(scratch: Scratch) -> Callable[[], bool]:
    return lambda: bool(scratch.server.run(scratch.asleep))


def end_sleepers(scratch: Scratch) -> None:
    scratch.server.run(f"SELECT pg_terminate_backend(pid) FROM ({scratch.asleep}) sleeping")


def test_a_sync_brings_what_was_made_clean_at_its_source(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert site.people() == CLEAN
    (made,) = clean_manifests(site)
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    assert made["sanitised"] == [{"name": "clean.sql", "sha256": digest}]
    assert made["stamp"] == site.manifest()["stamp"]
    assert made["sanitised_at"] >= made["stamp"]
    assert made["rows"] == {"public.people": 500, "public.notes": 500}
    assert (scratch.databases(), site.databases()) == (set(), {"live", "__previous"})
    assert "OK: clean " in ran.err
    assert "clean by clean.sql" in ran.err


def test_no_personal_byte_lies_where_others_may_read(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app").code == 0
    assert PERSONAL in content(site.folder / "artefacts" / "production")
    assert content(clean_folder(site))
    assert PERSONAL not in content(clean_folder(site))


def test_two_targets_share_one_clean_artefact(site: Site, scratch: Scratch) -> None:
    second = {"server": "postgres", "name": f"{site.target}_2", "path": "x", "owner": site.owner}
    edge = {
        "from": "production",
        "database": "app",
        "sanitise": "clean.sql",
        "sanitise_at": "source",
    }
    cleaning(site, scratch, integration={"databases.second": second, "syncs.second": edge})
    ran = site.run("nightly", "--env", "integration")
    assert ran.code == 0, ran.err
    assert "4 done" in ran.err
    assert ran.err.count("started: clean app of production") == 1
    people = site.integration.run(
        "SELECT id, email, town FROM people ORDER BY id", f"{site.target}_2"
    )
    assert (people, site.people()) == (CLEAN, CLEAN)
    assert len(clean_manifests(site)) == 1


def test_the_target_needs_nothing_but_the_clean_artefact(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    pushed = site.run("sync", "app", "--push-only")
    assert (pushed.code, site.people()) == (0, OLD), pushed.err
    shutil.rmtree(site.folder / "artefacts" / "production")
    ran = site.run("sync", "app", "--pull-only")
    assert (ran.code, site.people()) == (0, CLEAN), ran.err


def test_the_copy_says_which_script_made_it_safe(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app").code == 0
    ((comment,),) = site.integration.run(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        f"WHERE datname = '{site.target}'"
    )
    stamp, digest = site.manifest()["stamp"], hashlib.sha256(SCRIPT.encode()).hexdigest()
    assert comment == f"envsync: app from production of {stamp}, sanitised by clean.sql {digest}"


def test_where_nothing_is_clean_yet_a_pull_names_what_cleans(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("push", "app", "--env", "production").code == 0
    ran = site.run("pull", "app")
    assert (ran.code, site.people()) == (2, OLD), ran.err
    assert "; envsync sync app --env integration makes one" in ran.err


def test_what_was_made_clean_too_long_ago_names_what_cleans(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch, integration={"syncs.app.max_age": "1s"})
    assert site.run("sync", "app", "--push-only").code == 0
    assert site.run("push", "app", "--env", "production").code == 0
    ran = site.run("pull", "app")
    assert (ran.code, site.people()) == (2, OLD), ran.err
    expected = "; envsync sync app --env integration makes another, or name it by --timestamp"
    assert expected in ran.err


def test_a_raw_artefact_smuggled_in_is_refused_with_nothing_touched(
    site: Site, scratch: Scratch
) -> None:
    cleaning(site, scratch)
    assert site.run("push", "app", "--env", "production").code == 0
    shutil.copytree(
        site.folder / "artefacts" / "production", clean_folder(site), dirs_exist_ok=True
    )
    ran = site.run("pull", "app")
    assert (ran.code, site.people(), site.databases()) == (2, OLD, {"live"}), ran.err
    assert "is raw: its manifest does not say that it was made clean" in ran.err


def test_an_artefact_made_clean_by_another_version_of_the_script_is_refused(
    site: Site, scratch: Scratch
) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app", "--push-only").code == 0
    site.script(f"{SCRIPT}UPDATE notes SET body = 'gone';\n")
    refused = site.run("pull", "app")
    assert (refused.code, site.people()) == (2, OLD), refused.err
    assert "was made clean by another version of clean.sql" in refused.err
    assert "envsync sync app --env integration makes it anew" in refused.err
    ran = site.run("sync", "app")
    assert (ran.code, site.people()) == (0, CLEAN), ran.err


def test_an_artefact_made_clean_by_another_script_is_refused(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app", "--push-only").code == 0
    for name in ("clean.sql", "clean.checks.sql", "clean.columns.yaml"):
        other = name.replace("clean", "other")
        folder = site.folder / "sanitisation_sql"
        shutil.copy(folder / name, folder / other)
    cleaning(site, scratch, integration={"syncs.app.sanitise": "other.sql"})
    refused = site.run("pull", "app")
    assert (refused.code, site.people()) == (2, OLD), refused.err
    assert "was made clean by clean.sql, and the sync of app (integration) names other.sql" in (
        refused.err
    )


def test_a_script_that_fails_leaves_nothing_clean_and_nothing_raw(
    site: Site, scratch: Scratch
) -> None:
    cleaning(site, scratch)
    site.script("UPDATE nowhere SET email = 'x';\n")
    ran = site.run("sync", "app")
    assert (ran.code, clean_files(site), scratch.databases()) == (1, [], set()), ran.err
    assert (site.people(), site.databases()) == (OLD, {"live"})
    assert "needs clean app of production, which failed" in ran.err


def test_a_check_that_finds_something_leaves_nothing_clean(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    site.script(checks="SELECT id FROM people WHERE id = 7;\n")
    ran = site.run("sync", "app")
    assert (ran.code, clean_files(site), scratch.databases()) == (1, [], set()), ran.err
    assert "check 1 of clean.checks.sql found rows (id)" in ran.err


def test_a_column_nobody_decided_on_does_not_leave(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("plan").code == 0
    decided = site.folder / "sanitisation_sql" / "clean.columns.yaml"
    site.decisions.stop(decided.read_text())
    site.production.run("ALTER TABLE people ADD COLUMN phone text DEFAULT '0700'", site.source)
    ran = site.run("sync", "app")
    assert (ran.code, clean_files(site), scratch.databases()) == (1, [], set()), ran.err
    assert "phone" in ran.err


def test_what_is_clean_is_checked_again_where_it_arrives(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app", "--push-only").code == 0
    site.script(checks="SELECT id FROM people WHERE id = 7;\n")
    ran = site.run("pull", "app")
    assert (ran.code, site.people(), site.databases()) == (1, OLD, {"live"}), ran.err


def test_each_target_still_rewrites_its_own_copy(site: Site, scratch: Scratch) -> None:
    rewrite = {"people.town": {"Town": "Village"}}
    cleaning(site, scratch, integration={"syncs.app.rewrite": rewrite})
    assert site.run("sync", "app").code == 0
    assert site.people()[0] == (1, "person-1@example.com", "Village 1")


def test_what_is_clean_already_is_not_made_again(site: Site, scratch: Scratch) -> None:
    elsewhere = {**scratch.entry(), "machine": "cleaner"}
    cleaning(site, scratch, production={"servers.scratch": elsewhere})
    assert site.run("sync", "app", "--push-only").code == 0
    before = clean_manifests(site)
    again = site.run("nightly", "--machine", "production/cleaner")
    assert (again.code, clean_manifests(site)) == (0, before), again.err
    assert "skipped: the artefact of" in again.err
    assert "is already clean, by clean.sql" in again.err


def test_what_another_version_made_clean_is_made_again_in_its_place(
    site: Site, scratch: Scratch
) -> None:
    elsewhere = {**scratch.entry(), "machine": "cleaner"}
    cleaning(site, scratch, production={"servers.scratch": elsewhere})
    assert site.run("sync", "app", "--push-only").code == 0
    (before,) = clean_manifests(site)
    site.script(f"{SCRIPT}DELETE FROM notes;\n")
    again = site.run("nightly", "--machine", "production/cleaner")
    (after,) = clean_manifests(site)
    assert (again.code, after["stamp"]) == (0, before["stamp"]), again.err
    assert after["rows"] == {"public.people": 500, "public.notes": 0}
    assert after["sanitised"] != before["sanitised"]


def test_a_table_that_the_script_drops_is_not_missed(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    site.script(f"{SCRIPT}DROP TABLE notes;\n")
    ran = site.run("sync", "app")
    (made,) = clean_manifests(site)
    assert (ran.code, made["rows"]) == (0, {"public.people": 500}), ran.err


def test_rows_left_out_never_leave(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch, integration={"syncs.app.exclude_table_data": ["notes"]})
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert b"note note" not in content(clean_folder(site))
    assert site.integration.run("SELECT count(*) FROM notes", site.target) == [(0,)]


def test_a_cleaning_that_is_killed_leaves_what_the_next_one_clears(
    site: Site, scratch: Scratch
) -> None:
    cleaning(site, scratch)
    site.script(f"{SCRIPT}SELECT pg_sleep(30);\n")
    running = site.start("sync", "app")
    until(asleep(scratch), "the script to sleep")
    running.kill()
    running.communicate(timeout=60)
    end_sleepers(scratch)
    assert (scratch.databases() != set(), clean_files(site)) == (True, [])
    site.script()
    orphan = (
        clean_folder(site) / "postgresql-backend" / f"2026-01-01T00:00:00Z-{site.source}.dump.zst"
    )
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"half of a cleaning that was killed after its dump")
    ran = site.run("sync", "app")
    assert (ran.code, site.people(), scratch.databases()) == (0, CLEAN, set()), ran.err
    assert (len(clean_files(site)), orphan.exists()) == (2, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_cleaning_and_drops_what_it_had_restored(
    site: Site, scratch: Scratch, number: signal.Signals
) -> None:
    cleaning(site, scratch)
    site.script(f"{SCRIPT}SELECT pg_sleep(30);\n")
    running = site.start("sync", "app")
    until(asleep(scratch), "the script to sleep")
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, clean_files(site), scratch.databases()) == (1, [], set()), err
    assert site.people() == OLD


def test_a_cleaning_past_its_deadline_leaves_nothing(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch, production={"defaults": {"deadline": "6s"}})
    site.script(f"{SCRIPT}SELECT pg_sleep(60);\n")
    ran = site.run("sync", "app")
    assert (ran.code, clean_files(site), scratch.databases()) == (1, [], set()), ran.err
    assert "its deadline of 0:00:06 has passed" in ran.err


def test_an_ordinary_role_never_reads_what_is_being_cleaned(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    role = scratch.server.role("reader")
    with awaited(scratch.server) as word:
        site.script(f"{SCRIPT}{word.awaited}")
        running = site.start("sync", "app")
        until(word.is_awaited, "the script to wait")
        (name,) = scratch.databases()
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(scratch.server.conninfo(name, role), password=PASSWORD)
        word.give()
        _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, err


def test_an_altered_clean_artefact_is_not_promoted(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app", "--push-only").code == 0
    (dump,) = clean_folder(site).rglob("*.dump.zst")
    flipped = bytearray(dump.read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    dump.write_bytes(flipped)
    ran = site.run("pull", "app")
    assert (ran.code, site.people(), site.databases()) == (1, OLD, {"live"}), ran.err


def test_a_dry_run_shows_all_three_steps_and_touches_nothing(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    ran = site.run("sync", "app", "--dry-run")
    assert (ran.code, site.artefacts(), clean_files(site)) == (0, [], []), ran.err
    headings = [line for line in ran.out.splitlines() if line.startswith("# step")]
    assert headings == [
        "# step 1: push app from production",
        "# step 2: clean app of production",
        "# step 3: pull app into integration",
    ]
    cleans = ran.out.partition("# step 2")[2].partition("# step 3")[0]
    order = [cleans.index(part) for part in ("sanitise ", "check ", "pg_dump", "publish ")]
    assert order == sorted(order)
    assert "sanitise " not in ran.out.partition("# step 3")[2]


def test_a_plan_shows_where_data_is_made_clean(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    shown = site.run("plan", "--env", "integration").out.splitlines()
    assert [line.split("  ")[1].strip() for line in shown[2:5]] == ["push", "clean", "pull"]
    assert re.search(r"production → file, clean +clean.sql +1 ", shown[3]), shown
    assert re.search(r"production → integration +at source +2 ", shown[4]), shown
    steps = json.loads(site.run("plan", "--format", "json").out)["steps"]
    assert [step.get("sanitised_at") for step in steps] == [None, None, "source"]


def test_backups_lists_what_is_clean_beside_what_is_raw(site: Site, scratch: Scratch) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app").code == 0
    shown = site.run("backups", "app", "--env", "production").out
    raw, _, clean = shown.partition("clean, in file://")
    assert (only(site).stamp in raw, only(site).stamp in clean) == (True, True), shown
    assert "clean.sql" in clean


def test_a_storage_for_clean_artefacts_that_cannot_be_written_is_refused_first(
    site: Site, scratch: Scratch
) -> None:
    cleaning(site, scratch)
    clean_folder(site).rmdir()
    ran = site.run("sync", "app")
    assert (ran.code, site.artefacts(), scratch.databases()) == (2, [], set()), ran.err


def test_a_clean_artefact_much_smaller_than_the_last_fails_and_the_old_one_stays(
    site: Site, scratch: Scratch
) -> None:
    """The raw one is as large as ever: the script deletes more of it than it did."""
    cleaning(site, scratch)
    gone = "WHERE town = 'Gone'"
    deleting = (
        f"DELETE FROM notes WHERE person_id IN (SELECT id FROM people {gone});\n"
        f"DELETE FROM people {gone};\n"
    )
    site.script(deleting + SCRIPT)
    assert site.run("sync", "app").code == 0
    before = clean_files(site)
    site.production.run("UPDATE people SET town = 'Gone' WHERE id > 100", site.source)
    ran = site.run("sync", "app")
    assert (ran.code, clean_files(site), site.people()) == (1, before, CLEAN), ran.err
    assert "is much smaller than that of " in ran.err
    assert "200 rows instead of 1,000" in ran.err
    allowed = site.run("sync", "app", "--allow-shrink", "they have left")
    assert (allowed.code, site.people()) == (0, CLEAN[:100]), allowed.err
    assert clean_manifests(site)[-1]["allow_shrink"] == "they have left"

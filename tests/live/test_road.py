"""The main road: a sync by hand ends with a sanitised copy in the live database's place."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envsync.artefacts import ArtefactKey
from tests.live.site import Site, make_site
from tests.servers.postgresql import Postgresql
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

pytestmark = pytest.mark.live

SANITISED = [(n, f"person-{n}@example.com", f"Town {n}") for n in range(1, 501)]
OLD = [(1, "yesterday@example.com", "Yesterday")]


def test_a_sync_brings_production_s_rows_sanitised(site: Site) -> None:
    ran = site.run("sync", "app", "--env", "integration")
    assert (ran.code, site.people()) == (0, SANITISED), ran.err


def test_a_sync_tells_what_it_did_in_one_line_a_step(site: Site) -> None:
    told = site.run("sync", "app").err
    assert re.search(r"OK: push app_\w+ -> file://\S+/ in \d+s, \d+\.\d KiB, 2 tables", told)
    assert re.search(
        r"OK: pull file://\S+/ -> app_\w+ in \d+s, 1,000 rows, sanitised by clean", told
    )


def test_production_is_left_as_it_was(site: Site) -> None:
    site.run("sync", "app")
    assert site.production.run(
        "SELECT count(*) FROM people WHERE email LIKE '%private%'", site.source
    ) == [(500,)]


def test_everything_belongs_to_the_owner_of_the_inventory(site: Site) -> None:
    site.run("sync", "app")
    owners = site.integration.run(
        "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database() "
        "UNION SELECT tableowner::text FROM pg_tables WHERE schemaname = 'public'",
        site.target,
    )
    assert owners == [(site.owner,)]


def test_the_application_can_migrate_the_copy(site: Site) -> None:
    site.run("sync", "app")
    site.integration.run("ALTER TABLE people ADD phone text", site.target, site.owner)
    assert site.integration.run("SELECT phone FROM people LIMIT 1", site.target) == [(None,)]


def test_grants_of_the_replaced_database_are_kept(site: Site) -> None:
    reader = site.integration.role("reader")
    site.integration.run(f'GRANT SELECT ON people TO "{reader}"', site.target, site.owner)
    site.integration.run(f'GRANT SELECT (id) ON people TO "{reader}"', site.target, site.owner)
    site.run("sync", "app")
    assert site.integration.run("SELECT count(*) FROM people", site.target, reader) == [(500,)]


def test_grants_of_the_inventory_reach_every_table(site: Site) -> None:
    reader = site.integration.role("reader")
    site.write(integration={"databases.app.grants": {reader: ["SELECT"]}})
    site.run("sync", "app")
    assert site.integration.run("SELECT count(*) FROM notes", site.target, reader) == [(500,)]


def test_settings_of_the_replaced_database_are_kept(site: Site) -> None:
    site.integration.run(f"ALTER DATABASE \"{site.target}\" SET work_mem = '7MB'")
    site.run("sync", "app")
    assert site.integration.run("SHOW work_mem", site.target) == [("7MB",)]


def test_a_target_that_is_not_there_yet_is_made(site: Site) -> None:
    site.integration.run(f'DROP DATABASE "{site.target}"')
    ran = site.run("sync", "app")
    assert (ran.code, site.people()) == (0, SANITISED), ran.err


def test_one_previous_database_is_kept(site: Site) -> None:
    site.run("sync", "app")
    site.run("sync", "app")
    assert site.databases() == {"live", "__previous"}


def test_no_previous_database_is_kept_where_the_inventory_says_so(site: Site) -> None:
    site.write(integration={"databases.app.keep_previous": False})
    site.run("sync", "app")
    assert site.databases() == {"live"}


def test_a_rollback_puts_yesterday_back_and_a_second_one_undoes_it(site: Site) -> None:
    site.run("sync", "app")
    seen = []
    for _ in range(2):
        assert site.run("rollback", "app", "--env", "integration").code == 0
        seen.append(site.people())
    assert seen == [OLD, SANITISED]


def test_the_artefact_is_an_archive_that_pg_restore_reads_without_envsync(site: Site) -> None:
    site.run("push", "app", "--env", "production")
    root = site.folder / "artefacts" / "production"
    (dump,) = root.rglob("*.dump.zst")
    plain = subprocess.run(("/usr/bin/zstd", "-dc", dump), capture_output=True, check=True).stdout
    listed = subprocess.run(
        (site.production.programs / "pg_restore", "--list"),
        input=plain,
        capture_output=True,
        check=True,
    )
    assert b"TABLE DATA public people" in listed.stdout


def test_the_manifest_says_what_the_artefact_is(site: Site) -> None:
    site.run("push", "app", "--env", "production")
    manifest = site.manifest()
    (dump,) = (name for name in site.artefacts() if name.endswith(".zst"))
    key = ArtefactKey.parse(dump)
    assert key is not None
    size = (site.folder / "artefacts" / "production" / dump).stat().st_size
    assert {
        k: manifest[k] for k in ("environment", "database", "name", "stamp", "bytes", "rows")
    } == {
        "environment": "production",
        "database": "app",
        "name": site.source,
        "stamp": str(key.stamp),
        "bytes": size,
        "rows": {"public.notes": 500, "public.people": 500},
    }


def test_a_push_counts_rows_in_the_snapshot_of_its_dump_while_a_writer_goes_on(site: Site) -> None:
    site.production.run("CREATE TABLE growing (n serial)", site.source)
    writer = subprocess.Popen(
        (
            site.production.programs / "psql",
            "--quiet",
            f"--dbname={site.production.conninfo(site.source)}",
            (
                "--command=DO $$ BEGIN FOR n IN 1..4000 LOOP INSERT INTO growing DEFAULT VALUES;"
                " COMMIT; PERFORM pg_sleep(0.001); END LOOP; END $$"
            ),
        ),
        env={"PGPASSFILE": str(_passfile(site)), "PATH": "/usr/bin"},
        stdin=subprocess.DEVNULL,
    )
    ran = site.run("sync", "app")
    writer.wait()
    assert ran.code == 0, ran.err
    counted = site.manifest()["rows"]["public.growing"]
    assert site.integration.run("SELECT count(*) FROM growing", site.target) == [(counted,)]


def _passfile(site: Site) -> Path:
    path = site.folder / "pgpass"
    password = (
        (site.production.folder / "password").read_text().replace("\\", "\\\\").replace(":", "\\:")
    )
    path.write_text(f"*:*:*:*:{password}\n")
    path.chmod(0o600)
    return path


def test_backups_lists_artefacts_and_a_timestamp_picks_one(site: Site) -> None:
    site.run("push", "app", "--env", "production")
    first = site.manifest()["stamp"]
    site.production.run("DELETE FROM notes; DELETE FROM people WHERE id > 10", site.source)
    until(lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" > first, "the next second", 5)
    assert site.run("push", "app", "--env", "production", "--allow-shrink", "a test").code == 0
    listed = site.run("backups", "app", "--env", "production").out
    assert first in listed
    assert len(listed.splitlines()) == 4
    ran = site.run("pull", "app", "--timestamp", first)
    assert (ran.code, len(site.people())) == (0, 500), ran.err


def test_rows_of_an_excluded_table_stay_behind(site: Site) -> None:
    site.write(integration={"syncs.app.exclude_table_data": ["notes"]})
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert site.integration.run("SELECT count(*) FROM notes", site.target) == [(0,)]


def test_rows_of_a_table_with_a_dot_in_its_name_are_not_dumped(site: Site) -> None:
    site.production.run(
        'CREATE SCHEMA "a.b"; CREATE TABLE "Odd.Table" AS TABLE notes; '
        'CREATE TABLE "a.b"."c.d" AS TABLE notes; CREATE TABLE "a.b".kept AS TABLE notes',
        site.source,
    )
    left_out = ["Odd.Table", "a.b.c.d"]
    site.write(production={"backups.app.exclude_table_data": left_out})
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    for table, rows in (('"Odd.Table"', 0), ('"a.b"."c.d"', 0), ('"a.b".kept', 500)):
        counted = site.integration.run(f"SELECT count(*) FROM {table}", site.target)
        assert (table, counted) == (table, [(rows,)])


def test_a_misspelt_table_whose_rows_were_to_stay_behind_is_a_warning(site: Site) -> None:
    site.write(integration={"syncs.app.exclude_table_data": ["notse"]})
    ran = site.run("sync", "app")
    assert (ran.code, len(site.people())) == (0, 500), ran.err
    assert "WARNING: pull" in ran.err
    assert "exclude_table_data names 'notse', of which the artefact of" in ran.err


def test_a_misspelt_table_whose_rows_were_not_to_be_dumped_is_a_warning(site: Site) -> None:
    site.production.run(
        "CREATE TABLE events (n int) PARTITION BY RANGE (n);"
        "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (9);"
        "CREATE VIEW towns AS SELECT town FROM people",
        site.source,
    )
    named = ["notse", "events", "towns", "public.notes", "events_1"]
    site.write(production={"backups.app.exclude_table_data": named})
    planned = site.run("push", "app", "--env", "production", "--dry-run")
    ran = site.run("push", "app", "--env", "production")
    assert (planned.code, ran.code, "WARNING: push" in ran.err) == (0, 0, True), ran.err
    for told in (planned.out, ran.err):
        assert [name for name in named if f"exclude_table_data names '{name}'" in told] == [
            *("notse", "events", "towns")
        ]
        assert (
            f"and '{site.source}' on postgres has no table of that name with rows of its own; "
            "nothing is left out by that name"
        ) in told


def test_what_defaults_leave_out_need_not_be_in_each_database(site: Site) -> None:
    site.write(production={"defaults": {"exclude_table_data": ["notse"]}, "backups.app": {}})
    ran = site.run("push", "app", "--env", "production")
    assert (ran.code, "names 'notse'" in ran.err) == (0, False), ran.err


def test_a_backup_of_sanitised_data_says_by_which_script(site: Site) -> None:
    site.write(integration={"backups": {"app": {"at": "05:40"}}})
    ran = site.run("nightly", "--env", "integration")
    assert ran.code == 0, ran.err
    (manifest,) = (site.folder / "artefacts" / "integration").rglob("*.manifest.json")
    assert [used["name"] for used in json.loads(manifest.read_text())["sanitised"]] == ["clean.sql"]


@pytest.mark.parametrize("kind", ["moto_server", "rclone_server"])
def test_artefacts_travel_through_s3(
    kind: str, tmp_path: Path, postgresql: Postgresql, request: pytest.FixtureRequest
) -> None:
    server: S3Server = request.getfixturevalue(kind)
    bucket = server.make_bucket()
    storage = {
        "backend": "s3",
        "bucket": bucket,
        "region": "eu-west-1",
        "endpoint_url": server.endpoint_url,
    }
    site = make_site(tmp_path, postgresql, storage)
    site.environment |= server.environment
    ran = site.run("sync", "app")
    assert (ran.code, site.people()) == (0, SANITISED), ran.err

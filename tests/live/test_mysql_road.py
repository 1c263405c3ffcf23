"""The road of MySQL and MariaDB: a sync ends with a sanitised copy in the live tables' place."""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.mysql_site import OLD, SANITISED, MysqlSite, mysql_site
from tests.servers.mariadb import Mariadb, MariadbServer

pytestmark = pytest.mark.live

EVERYTHING = Path(__file__).with_name("everything_mysql.sql")


@pytest.fixture
def site(tmp_path: Path, mariadb: Mariadb) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path, mariadb) as made:
        yield made


def objects(server: MariadbServer, schema: str) -> dict[str, list[str]]:
    """Return the names of all that is in a schema, by kind."""
    queries = {
        "tables": "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA",
        "triggers": "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA",
        "routines": "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA",
        "events": "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA",
    }
    return {
        kind: sorted(name for (name,) in server.run(f"{query} = '{schema}'"))
        for kind, query in queries.items()
    }


def told(server: MariadbServer, schema: str) -> dict[str, Any]:
    """Return the checksum of every table, and how everything in a schema is created."""
    found: dict[str, Any] = {}
    names = objects(server, schema)
    with server.connect(schema) as connection, connection.cursor() as cursor:
        for table in names["tables"]:
            quoted = "`" + table.replace("`", "``") + "`"
            cursor.execute(f"CHECKSUM TABLE {quoted}")
            ((_, found[f"rows of {table}"]),) = cursor.fetchall()
            cursor.execute(f"SHOW CREATE TABLE {quoted}")
            found[table] = cursor.fetchall()[0][1]
        for trigger in names["triggers"]:
            cursor.execute(f"SHOW CREATE TRIGGER `{trigger}`")
            found[trigger] = cursor.fetchall()[0][:6]
        for event in names["events"]:
            cursor.execute(f"SHOW CREATE EVENT `{event}`")
            found[event] = cursor.fetchall()[0]
        cursor.execute(
            "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES "
            f"WHERE ROUTINE_SCHEMA = '{schema}'"
        )
        for kind, routine in cursor.fetchall():
            cursor.execute(f"SHOW CREATE {kind} `{routine}`")
            found[routine] = cursor.fetchall()[0]
    return found


def test_a_sync_brings_production_s_rows_sanitised(site: MysqlSite) -> None:
    ran = site.run("sync", "app", "--env", "integration")
    assert (ran.code, site.people()) == (0, SANITISED), ran.err
    assert site.schemas() == {"live", "__previous"}
    assert site.production.run(
        "SELECT count(*) FROM people WHERE email LIKE '%private%'", site.source
    ) == [(500,)]


def test_views_triggers_routines_and_events_are_those_of_the_copy(site: MysqlSite) -> None:
    site.run("sync", "app")
    assert objects(site.integration, site.target) == {
        "tables": ["notes", "people", "towns"],
        "triggers": ["people_lower"],
        "routines": ["answer"],
        "events": ["tidy"],
    }
    assert site.integration.run("SELECT count(*), answer() FROM towns", site.target) == [(500, 42)]


def test_a_rollback_puts_yesterday_back_and_a_second_one_undoes_it(site: MysqlSite) -> None:
    before = told(site.integration, site.target)
    site.run("sync", "app")
    after = told(site.integration, site.target)
    for expected in (before, after):
        ran = site.run("rollback", "app", "--env", "integration")
        assert (ran.code, told(site.integration, site.target)) == (0, expected), ran.err


def test_everything_survives_byte_for_byte(site: MysqlSite) -> None:
    production = site.production
    production.run(
        f"DROP DATABASE `{site.source}`;\nCREATE DATABASE `{site.source}` CHARACTER SET utf8mb4"
    )
    production.load(EVERYTHING.read_bytes(), site.source)
    site.write(
        integration={"syncs.app": {"from": "production", "sanitise": "never", "because": "none"}}
    )
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    expected, restored = told(production, site.source), told(site.integration, site.target)
    # When a row of a table WITH SYSTEM VERSIONING began is when it was restored.
    for found in (expected, restored):
        del found["rows of history"]
    assert restored == expected


def test_foreign_keys_still_hold_in_the_copy(site: MysqlSite) -> None:
    site.run("sync", "app")
    created = site.integration.run("SHOW CREATE TABLE notes", site.target)[0][1]
    assert "FOREIGN KEY (`person_id`) REFERENCES `people` (`id`)" in created


def test_a_target_that_is_not_there_yet_is_made(site: MysqlSite) -> None:
    site.integration.run(f"DROP DATABASE `{site.target}`")
    ran = site.run("sync", "app")
    assert (ran.code, site.people()) == (0, SANITISED), ran.err


def test_no_previous_schema_is_kept_where_the_inventory_says_so(site: MysqlSite) -> None:
    site.write(integration={"databases.app.keep_previous": False})
    site.run("sync", "app")
    assert site.schemas() == {"live"}
    refused = site.run("rollback", "app", "--env", "integration")
    assert (refused.code, "has no previous schema" in refused.err) == (2, True)


def test_excluded_tables_and_rows_stay_behind(site: MysqlSite) -> None:
    site.production.run("CREATE TABLE logs (id int);\nINSERT INTO logs VALUES (1)", site.source)
    site.write(
        integration={
            "syncs.app.exclude_table_data": ["notes"],
            "syncs.app.exclude_tables": ["logs"],
        }
    )
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert objects(site.integration, site.target)["tables"] == ["notes", "people", "towns"]
    assert site.integration.run("SELECT count(*) FROM notes", site.target) == [(0,)]


def test_a_backup_leaves_out_what_it_is_told_to(site: MysqlSite) -> None:
    site.write(
        production={
            "backups": {"app": {"exclude_table_data": ["notes"], "exclude_tables": ["towns"]}}
        }
    )
    ran = site.run("push", "app", "--env", "production")
    assert (ran.code, site.manifest()["rows"]) == (0, {"notes": 0, "people": 500}), ran.err


def test_misspelt_names_that_leave_nothing_out_of_a_backup_are_warnings(site: MysqlSite) -> None:
    lists = {
        "exclude_table_data": ["notse", "towns", "notes"],
        "exclude_tables": ["poeple", "towns", "PEOPLE"],
    }
    site.write(production={"backups": {"app": lists}})
    ran = site.run("push", "app", "--env", "production")
    assert (ran.code, site.manifest()["rows"]) == (0, {"notes": 0}), ran.err
    warned = [(key, name) for key, names in lists.items() for name in names]
    assert [each for each in warned if "{} names {!r}, and".format(*each) in ran.err] == [
        ("exclude_table_data", "notse"),
        ("exclude_table_data", "towns"),
        ("exclude_tables", "poeple"),
    ]


def test_the_artefact_is_sql_that_mariadb_restores_without_envsync(site: MysqlSite) -> None:
    site.run("push", "app", "--env", "production")
    (dump,) = (site.folder / "artefacts" / "production").rglob("*.sql.zst")
    plain = subprocess.run(("/usr/bin/zstd", "-dc", dump), capture_output=True, check=True).stdout
    by_hand = f"{site.target}_by_hand"
    site.integration.run(f"CREATE DATABASE `{by_hand}` CHARACTER SET utf8mb4")
    site.integration.load(plain, by_hand)
    assert told(site.integration, by_hand) == told(site.production, site.source)


def test_a_push_is_one_snapshot_while_a_writer_goes_on(site: MysqlSite) -> None:
    production, done = site.production, threading.Event()
    production.run("CREATE TABLE one (n int);\nCREATE TABLE two (n int)", site.source)

    def write() -> None:
        with production.connect(site.source) as connection, connection.cursor() as cursor:
            number = 0
            while not done.is_set():
                number += 1
                cursor.execute("BEGIN")
                cursor.execute(f"INSERT INTO one VALUES ({number})")
                cursor.execute(f"INSERT INTO two VALUES ({number})")
                cursor.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        ran = site.run("sync", "app")
    finally:
        done.set()
        writer.join()
    assert ran.code == 0, ran.err
    counted = site.manifest()["rows"]
    assert counted["one"] == counted["two"] > 0
    assert site.integration.run("SELECT count(*) FROM one", site.target) == [(counted["one"],)]


def test_a_backup_of_sanitised_data_says_by_which_script(site: MysqlSite) -> None:
    site.write(integration={"backups": {"app": {"at": "05:40"}}})
    ran = site.run("nightly", "--env", "integration")
    assert ran.code == 0, ran.err
    (manifest,) = (site.folder / "artefacts" / "integration").rglob("*.manifest.json")
    assert [used["name"] for used in json.loads(manifest.read_text())["sanitised"]] == ["clean.sql"]


def test_texts_are_rewritten_in_the_quarantine(site: MysqlSite) -> None:
    site.write(
        integration={"syncs.app.rewrite": {"people.town": {"Town": "Ville", "Town 1": "One%s"}}}
    )
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    found = site.integration.run(
        "SELECT town FROM people WHERE id IN (1, 2) ORDER BY id", site.target
    )
    assert found == [("One%s",), ("Ville 2",)]


def test_a_definer_the_target_lacks_is_replaced_and_told(site: MysqlSite) -> None:
    someone = site.production.account("someone")
    site.production.run(
        f"CREATE DEFINER=`{someone}`@`127.0.0.1` VIEW theirs AS SELECT id FROM people", site.source
    )
    ran = site.run("sync", "app")
    assert (ran.code, f"its definer `{someone}`@`127.0.0.1` is not on the target" in ran.err) == (
        0,
        True,
    ), ran.err
    assert site.integration.run("SELECT count(*) FROM theirs", site.target) == [(500,)]


def test_a_dry_run_shows_every_command_and_no_secret(site: MysqlSite) -> None:
    ran = site.run("sync", "app", "--dry-run")
    order = [
        "mariadb-dump",
        "publish",
        "CREATE DATABASE",
        "download",
        "sanitise",
        "check",
        "ANALYZE",
        "RENAME TABLE",
    ]
    positions = [ran.out.find(word) for word in order]
    assert (ran.code, positions) == (0, sorted(positions)), ran.err
    assert min(positions) >= 0
    assert "secret" not in ran.out
    assert (site.people(), site.schemas(), site.artefacts()) == (OLD, {"live"}, [])

"""Trials on PostgreSQL, through the command line: what a script changes, seen and undone."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.trials import (
    assert_does_as_a_pull_does,
    assert_stops,
    get_ready,
    leaked,
    lines,
    until,
)
from tests.live.untouched import assert_untouched
from tests.servers.postgresql import PASSWORD, Postgresql

pytestmark = pytest.mark.live

MORE = """
ALTER TABLE people ADD phone text;
UPDATE people SET phone = '07700 900' || (100 + id) WHERE id % 2 = 0;
CREATE TABLE visits (person int, ip text);
INSERT INTO visits SELECT n, '203.0.113.' || n FROM generate_series(1, 60) n;
CREATE TABLE staff (id int PRIMARY KEY, name text);
INSERT INTO staff VALUES (1, 'Ada Lovelace'), (2, 'Grace Hopper'), (3, 'Alan Turing');
CREATE TABLE drafts (id int PRIMARY KEY, body text);
INSERT INTO drafts VALUES (1, 'a secret draft');
"""
COLUMNS = """
people:
  id: {keep: integer}
  email: {sanitised: text}
  town: {keep: text}
  phone: {sanitised: text}
notes:
  id: {keep: integer}
  person_id: {keep: integer}
  body: {keep: text}
visits:
  person: {keep: integer}
  ip: {sanitised: text}
staff:
  id: {keep: integer}
  name: {sanitised: text}
drafts:
  id: {keep: integer}
  body: {sanitised: text}
"""
SCRIPT = """
UPDATE people SET email = 'person-' || id || '@example.com';
UPDATE people SET town = 'Somewhere' WHERE id <= 40;
DELETE FROM notes WHERE id > 450;
INSERT INTO notes VALUES (1001, 1, 'made up'), (1002, 1, 'made up');
UPDATE visits SET ip = '0.0.0.0' WHERE person <= 20;
UPDATE staff SET name = upper(name) WHERE id = 1;
UPDATE staff SET name = 'Grace Hopper' WHERE id = 3;
DROP TABLE drafts;
"""
RAW = (
    "private.example",
    "07700 900",
    "203.0.113.",
    "Lovelace",
    "LOVELACE",
    "Grace",
    "Turing",
    "secret",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> Iterator[Site]:
    """A site whose integration no trial may change, with one artefact."""
    with temporary_site(tmp_path_factory.mktemp("trial"), postgresql) as made:
        (made.folder / "temporary").mkdir()
        made.environment["TMPDIR"] = str(made.folder / "temporary")
        get_ready(made, MORE, COLUMNS)
        yield made


@pytest.fixture(autouse=True)
def _untouched(shop: Site) -> Iterator[None]:
    """Whatever a trial comes to, nothing of it is left, and yesterday's data is live."""
    stored = shop.artefacts()
    shop.write()
    shop.script(SCRIPT)
    yield
    assert_untouched(shop, stored)
    assert not list((shop.folder / "temporary").iterdir())


def test_what_changed_is_told_exactly_and_what_it_was_is_masked(shop: Site) -> None:
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, leaked(ran, shop.folder, RAW)) == (0, []), ran.err
    assert lines(ran) == [
        "notes: 500 rows, 50 deleted, 2 added",
        "as they were: 3 more columns",
        "people: 500 rows",
        "column decided touched of empty before → after",
        "email sanitised 500 500 0 xxx999@xxx.xxx → person-41@example.com",
        "xxx999@xxx.xxx → person-43@example.com",
        "xxx999@xxx.xxx → person-45@example.com",
        "town keep 40 500 0 xxx 999 → Somewhere",
        "phone sanitised 0 500 250",
        "as they were: 1 more column",
        "staff: 3 rows",
        "column decided touched of empty before → after",
        "name sanitised 2 3 0 xxx xxx → xxx xxx *",
        "xxx xxx → xxx xxx *",
        "as they were: 1 more column",
        "visits: 60 rows (no key: counted by value, at least so many)",
        "column decided touched of empty before → after",
        "ip sanitised 20 60 0 ? → 0.0.0.0",
        "as they were: 1 more column",
        "drafts: dropped, with its 1 row",
        "before: xxx are letters, 999 digits; *** is what is too short to tell even that",
        (
            "* what it is now, but for case and punctuation, stood in the column before: masked "
            "as well"
        ),
        "look at:",
        "- people.town is to be kept, and was changed in 40 rows",
        "- people.phone is to be sanitised, and was changed in no row; 250 rows have a value",
        "- staff.name is to be sanitised, and was left as it was in 1 row",
        "- visits.ip is to be sanitised, and was left as it was in 40 rows",
    ]


def test_a_failing_script_is_told_with_what_changed_until_then(shop: Site) -> None:
    shop.script(f"{SCRIPT}UPDATE people SET nothing = 1;\n")
    ran = shop.run("sanitise.try", "app")
    assert ran.code == 1
    assert 'clean.sql:10 failed: column "nothing" of relation "people" does not exist' in ran.err
    assert "people.email is to be sanitised, and was changed in no row; 500 rows" in ran.out


def test_a_failing_check_is_told_with_what_changed(shop: Site) -> None:
    shop.script(SCRIPT, "SELECT id FROM people WHERE phone IS NOT NULL;")
    ran = shop.run("sanitise.try", "app")
    assert ran.code == 1
    assert "check 1 of clean.checks.sql found rows (id)" in ran.err
    assert "person-41@example.com" in ran.out


def test_a_column_that_nobody_decided_on_fails_the_trial_as_it_fails_the_pull(shop: Site) -> None:
    file = shop.folder / "sanitisation_sql" / "clean.columns.yaml"
    file.write_text(COLUMNS.replace("  phone: {sanitised: text}\n", ""))
    try:
        ran = shop.run("sanitise.try", "app")
    finally:
        file.write_text(COLUMNS)
    assert ran.code == 1
    assert "people.phone (text) is new" in ran.err


@pytest.mark.parametrize("seconds", [0.0, 0.4, 0.8, 1.2, 1.6])
def test_sigterm_at_any_moment_leaves_nothing(shop: Site, seconds: float) -> None:
    shop.script("SELECT pg_sleep(60);\n")
    assert_stops(shop, "restoring into quarantine", seconds)


def test_a_trial_and_a_pull_keep_out_of_each_others_way(shop: Site) -> None:
    shop.script("SELECT pg_sleep(60);\n")
    running = shop.start("sanitise.try", "app")
    until(running, "sanitising")
    other = shop.run("pull", "app")
    running.terminate()
    running.communicate(timeout=60)
    assert (other.code, "is already running since" in other.err) == (2, True)


def test_a_trial_beside_a_pull_of_another_machine_is_refused_before_it_begins(shop: Site) -> None:
    place = shop.integration.conninfo("postgres")
    with psycopg.connect(place, password=PASSWORD) as elsewhere:
        query = "SELECT pg_advisory_lock(hashtext('envsync'), hashtext(%s))"
        elsewhere.execute(query, (shop.target,))
        ran = shop.run("sanitise.try", "app")
    assert (ran.code, "another envsync is restoring" in ran.err) == (2, True), ran.err
    assert "clearing up failed" not in ran.err


def test_what_can_never_fit_is_refused_before_anything_is_touched(shop: Site) -> None:
    shop.write(integration={"syncs.app.temppath": "/proc"})
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, "no space in /proc" in ran.err) == (2, True)


def test_a_sync_that_nothing_sanitises_is_not_tried(shop: Site) -> None:
    change = {"syncs.app.sanitise": "never", "syncs.app.because": "all of it is public"}
    shop.write(integration=change)
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, "there is nothing to try" in ran.err) == (2, True)


def test_a_dry_run_shows_what_a_pull_does_up_to_its_checks_and_drops_it(shop: Site) -> None:
    trial = assert_does_as_a_pull_does(shop)
    assert "DROP DATABASE IF EXISTS" in trial.out.splitlines()[-1]


ODD = """
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Odd.Table" ("The Key" bytea NOT NULL UNIQUE, "e-mail" text, tags text[],
  shouted text GENERATED ALWAYS AS (upper("e-mail")) STORED);
INSERT INTO "Odd Schema"."Odd.Table"
  SELECT decode(lpad(to_hex(n), 4, '0'), 'hex'), 'odd' || n || E'@private.example\\t\\n', '{a,"b c"}'
    FROM generate_series(1, 20) n;
CREATE TABLE parted (id int, year int, body jsonb, PRIMARY KEY (id, year)) PARTITION BY LIST (year);
CREATE TABLE parted_old PARTITION OF parted FOR VALUES IN (2001);
CREATE TABLE parted_new PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT n, 2000 + n % 2, '{"who": "private"}' FROM generate_series(1, 30) n;
CREATE TABLE parent (id int PRIMARY KEY, who text);
CREATE TABLE child (extra text) INHERITS (parent);
INSERT INTO parent VALUES (1, 'private parent');
INSERT INTO child VALUES (1, 'private child', 'kept');
CREATE TABLE hidden (id int PRIMARY KEY, who text);
INSERT INTO hidden SELECT n, 'private ' || n FROM generate_series(1, 8) n;
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON hidden USING (id = 1);
CREATE UNLOGGED TABLE bare ();
CREATE MATERIALIZED VIEW seen AS SELECT who FROM hidden;
"""
ODD_SCRIPT = """
UPDATE "Odd Schema"."Odd.Table" SET "e-mail" = '', tags = NULL;
UPDATE parted SET body = '{}' WHERE id <= 10;
UPDATE parent SET who = 'x';
UPDATE hidden SET who = 'y' WHERE id > 2;
"""


def test_tables_of_all_kinds_are_read_whole(tmp_path: Path, postgresql: Postgresql) -> None:
    with temporary_site(tmp_path, postgresql) as made:
        made.production.run(ODD, made.source)
        made.script(ODD_SCRIPT, "SELECT 1 WHERE false;")
        assert made.run("push", "app", "--env", "production").code == 0
        ran = made.run("sanitise.try", "app")
    assert (ran.code, leaked(ran, tmp_path, ("private",))) == (0, []), ran.err
    told = [line for line in lines(ran) if "→" not in line or "column" not in line]
    assert told[: told.index("look at:")] == [
        "child: 1 row (no key: counted by value, at least so many)",
        "who keep 1 1 0 ? → x",
        "as they were: 2 more columns",
        "hidden: 8 rows",
        "who keep 6 8 0 xxx 999 → y",
        "as they were: 1 more column",
        "parent: 1 row",
        "who keep 1 1 0 xxx xxx → x",
        "as they were: 1 more column",
        "parted: 30 rows",
        "body keep 10 30 0 *xxx*: *xxx* → {}",
        "as they were: 2 more columns",
        "Odd Schema.Odd\\.Table: 20 rows",
        "e-mail keep 20 20 0 xxx999@xxx.xxx* → ''",
        "tags keep 20 20 0 *xxx,*xxx xxx* → NULL",
        "as they were: 1 more column",
        "unchanged: bare, notes, people",
        "before: xxx are letters, 999 digits; *** is what is too short to tell even that",
    ]

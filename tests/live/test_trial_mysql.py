"""Trials on MariaDB, through the command line."""

from collections.abc import Iterator

import pytest

from tests.live.mysql_site import OLD, MysqlSite, mysql_site
from tests.live.trials import assert_does_as_a_pull_does, assert_stops, get_ready, leaked, lines
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live

MORE = """
CREATE TABLE visits (person int, ip varchar(40), KEY (ip));
INSERT INTO visits SELECT seq, concat('203.0.113.', seq) FROM seq_1_to_60;
CREATE TABLE members (card varbinary(20) NOT NULL, name varchar(60), born date,
  UNIQUE KEY (card), shown varchar(80) AS (concat(name, '!')));
INSERT INTO members (card, name, born) VALUES
  (unhex('00ff01'), 'Ada Lovelace', '1815-12-10'), (unhex('00ff02'), 'Grace Hopper', '1906-12-09'),
  (unhex('00ff03'), 'Alan Turing', NULL);
"""
COLUMNS = """
people:
  id: {keep: int}
  email: {sanitised: "varchar(100)"}
  town: {keep: text}
notes:
  id: {keep: int}
  person_id: {keep: int}
  body: {sanitised: text}
visits:
  person: {keep: int}
  ip: {sanitised: "varchar(40)"}
members:
  card: {keep: "varbinary(20)"}
  name: {sanitised: "varchar(60)"}
  born: {sanitised: date}
"""
SCRIPT = """
UPDATE people SET email = concat('person-', id, '@example.com');
DELETE FROM notes WHERE id <= 100;
UPDATE visits SET ip = '0.0.0.0' WHERE person <= 20;
UPDATE members SET name = 'Somebody', born = '1900-01-01' WHERE card <> unhex('00ff03');
"""
RAW = ("private.example", "203.0.113.", "Lovelace", "Hopper", "Turing", "1815-12", "1906-12")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, mariadb: Mariadb) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path_factory.mktemp("trial"), mariadb) as made:
        get_ready(made, MORE, COLUMNS)
        yield made


@pytest.fixture(autouse=True)
def _untouched(shop: MysqlSite) -> Iterator[None]:
    shop.script(SCRIPT)
    yield
    assert (shop.people(), shop.schemas()) == (OLD, {"live"})


def test_what_changed_is_told_exactly_and_what_it_was_is_masked(shop: MysqlSite) -> None:
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, leaked(ran, shop.folder, RAW)) == (0, []), ran.err
    assert lines(ran) == [
        "members: 3 rows",
        "column decided touched of empty before → after",
        "name sanitised 2 3 0 xxx xxx → Somebody",
        "born sanitised 2 3 1 999-999-999 → 1900-01-01",
        "as they were: 1 more column",
        "notes: 500 rows, 100 deleted",
        "column decided touched of empty before → after",
        "body sanitised 0 400 0",
        "as they were: 2 more columns",
        "people: 500 rows",
        "column decided touched of empty before → after",
        "email sanitised 500 500 0 xxx999@xxx.xxx → person-1@example.com",
        "xxx999@xxx.xxx → person-2@example.com",
        "xxx999@xxx.xxx → person-3@example.com",
        "as they were: 2 more columns",
        "visits: 60 rows (no key: counted by value, at least so many)",
        "column decided touched of empty before → after",
        "ip sanitised 20 60 0 ? → 0.0.0.0",
        "as they were: 1 more column",
        "before: xxx are letters, 999 digits; *** is what is too short to tell even that",
        "look at:",
        "- members.name is to be sanitised, and was left as it was in 1 row",
        "- notes.body is to be sanitised, and was changed in no row; 400 rows have a value",
        "- visits.ip is to be sanitised, and was left as it was in 40 rows",
    ]


def test_a_failing_script_is_told_with_what_changed_until_then(shop: MysqlSite) -> None:
    shop.script(f"{SCRIPT}UPDATE people SET nothing = 1;\n")
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, "clean.sql:6 failed" in ran.err) == (1, True), ran.err
    assert "people.email is to be sanitised, and was changed in no row" in ran.out


def test_a_failing_check_is_told_with_what_changed(shop: MysqlSite) -> None:
    shop.script(SCRIPT, "SELECT id FROM notes;\n")
    ran = shop.run("sanitise.try", "app")
    assert (ran.code, "check 1 of clean.checks.sql found rows" in ran.err) == (1, True), ran.err
    assert "notes: 500 rows, 100 deleted" in ran.out


def test_sigterm_in_the_middle_leaves_nothing(shop: MysqlSite) -> None:
    shop.script("SELECT SLEEP(60);\n")
    assert_stops(shop, "sanitising")


def test_a_dry_run_does_what_a_pull_does_but_for_remembering_and_comparing(shop: MysqlSite) -> None:
    assert_does_as_a_pull_does(shop)

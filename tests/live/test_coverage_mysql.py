"""A column that nobody has decided on never reaches a lower environment of MySQL unnoticed."""

from pathlib import Path

import pytest

from tests.live.covering import changed
from tests.live.mysql_site import OLD, SANITISED, MysqlSite, mysql_site
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live

DECIDED = """
people:
  id: {keep: int}
  email: {sanitised: varchar(100)}
  town: {keep: text}
notes:
  id: {keep: int}
  person_id: {keep: int}
  body: {keep: text}
"""


def ends(site: MysqlSite, change: str, text: str = DECIDED) -> tuple[int, str]:
    return changed(site, change, text)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("ALTER TABLE people ADD phone varchar(20)", "people.phone (varchar(20)) is new"),
        (
            "ALTER TABLE notes CHANGE body content text",
            "notes.content (text) is new and notes.body is gone: renamed?",
        ),
        (
            "ALTER TABLE people MODIFY town varchar(80)",
            "people.town is varchar(80) and was text",
        ),
        ("CREATE TABLE visits (ip inet6, flag tinyint(1))", "visits is new (ip inet6, flag tiny"),
        (
            "ALTER TABLE people ADD `a.b``: 'x{*` text",
            r"people.a\.b`: 'x{\* (text) is new",
        ),
    ],
)
def test_what_nobody_decided_on_stays_away(
    tmp_path: Path, mariadb: Mariadb, change: str, sentence: str
) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        code, err = ends(site, change)
        assert (code, sentence in err, site.people()) == (1, True, OLD), err
        assert not any("incoming" in name for name in site.schemas())


def test_what_is_no_column_of_its_own_needs_no_decision(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        change = (
            "ALTER TABLE people ADD low varchar(9) AS (left(town, 9)) STORED;\nCREATE SEQUENCE s"
        )
        code, err = ends(site, change)
        assert (code, "WARNING" in err, site.people()) == (0, False, SANITISED), err


def test_what_is_gone_warns_and_what_is_left_out_does_not(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        site.write(integration={"syncs.app.exclude_tables": ["notes"]})
        code, err = ends(site, "DROP VIEW towns;\nALTER TABLE people DROP town")
        assert code == 0, err
        assert "people.town is not there any more: take it out of clean.columns.yaml" in err
        assert "notes" not in err.replace("take", "")


def test_a_sync_that_warns_takes_what_is_new_with_a_warning(
    tmp_path: Path, mariadb: Mariadb
) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        site.write(integration={"syncs.app.coverage": "warn"})
        code, err = ends(site, "ALTER TABLE people ADD phone varchar(20)")
        assert (code, site.people(), "people.phone (varchar(20)) is new" in err) == (
            0,
            SANITISED,
            True,
        ), err


def test_columns_are_compared_before_the_script(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        site.script(
            "ALTER TABLE people ADD phone text;\nUPDATE people SET email = concat('person-', id, '@example.com');\n"
        )
        code, err = ends(site, "")
        assert code == 0, err

"""A column that nobody has decided on never reaches a lower environment of PostgreSQL unnoticed."""

import pytest

from tests.live.covering import changed
from tests.live.site import Site

pytestmark = pytest.mark.live

DECIDED = """
people:
  id: {keep: integer}
  email: {sanitised: text}
  town: {keep: text}
notes:
  id: {keep: integer}
  person_id: {keep: integer}
  body: {keep: text}
"""
OLD = [(1, "yesterday@example.com", "Yesterday")]
ADD = "in clean.columns.yaml: under"


def ends(site: Site, change: str, text: str = DECIDED) -> tuple[int, str]:
    return changed(site, change, text)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("ALTER TABLE people ADD phone text", "people.phone (text) is new"),
        (
            "ALTER TABLE people RENAME email TO mail",
            "people.mail (text) is new and people.email is gone: renamed?",
        ),
        (
            "ALTER TABLE people ALTER town TYPE varchar(80)",
            "people.town is character varying(80) and was text",
        ),
        ("CREATE TABLE visits (ip inet, at date)", "visits is new (ip inet, at date)"),
        ("CREATE UNLOGGED TABLE visits (ip inet)", "visits is new (ip inet)"),
        (
            "CREATE SCHEMA hr; CREATE TABLE hr.people (id int)",
            "hr.people is new (id integer)",
        ),
        (
            'ALTER TABLE people ADD "a.b"";\n{x}: &" text',
            'people."a\\\\.b\\";\\U0000000a{x}: &" (text) is new',
        ),
        ('CREATE TABLE "hr.people" (id int)', r"hr\.people is new (id integer)"),
        (
            (
                "CREATE TABLE log (at date, ip inet) PARTITION BY RANGE (at);"
                "CREATE TABLE log_1 PARTITION OF log DEFAULT"
            ),
            "log is new (at date, ip inet)",
        ),
        (
            "CREATE TABLE child (phone text) INHERITS (people)",
            "child is new (phone text)",
        ),
        (
            "CREATE TYPE address AS (street text, lines text[]); CREATE TABLE homes (of address[])",
            "homes is new (of address(street text, lines text[])[])",
        ),
        ("SELECT lo_from_bytea(0, 'secret')", r"pg_catalog.pg_largeobject is new (data bytea)"),
    ],
)
def test_what_nobody_decided_on_stays_away(site: Site, change: str, sentence: str) -> None:
    code, err = ends(site, change)
    assert (code, sentence in err, site.people()) == (1, True, OLD), err
    assert "nothing was promoted" in err
    assert "__incoming" not in site.databases()


@pytest.mark.parametrize(
    "change",
    [
        "",
        "CREATE VIEW towns AS SELECT town FROM people",
        "CREATE MATERIALIZED VIEW towns AS SELECT town FROM people",
        "ALTER TABLE people ADD low text GENERATED ALWAYS AS (lower(town)) STORED",
        "ALTER TABLE people ALTER town SET DEFAULT 'x'; CREATE SEQUENCE numbers",
        "CREATE TABLE people_1 () INHERITS (people)",
    ],
)
def test_what_is_no_column_of_its_own_needs_no_decision(site: Site, change: str) -> None:
    code, err = ends(site, change)
    assert (code, "WARNING" in err, len(site.people())) == (0, False, 500), err


def test_the_columns_are_compared_before_the_script_and_after_the_restore(site: Site) -> None:
    site.script("ALTER TABLE people ADD phone text; UPDATE people SET email = '1@example.com';")
    code, err = ends(site, "")
    assert (code, len(site.people())) == (0, 500), err


def test_a_refusal_says_what_to_type_and_that_lets_the_next_pull_through(site: Site) -> None:
    _, err = ends(site, "ALTER TABLE people ADD phone text")
    wanted = "under people:, phone: {keep: text} where anybody may read it, or phone: {sanitised: text} once"
    assert wanted in err
    text = DECIDED.replace("people:\n", "people:\n  phone: {sanitised: text}\n")
    assert ends(site, "", text)[0] == 0


def test_a_column_that_is_gone_is_a_warning(site: Site) -> None:
    code, err = ends(site, "ALTER TABLE notes DROP body")
    assert (code, len(site.people())) == (0, 500), err
    assert "notes.body is not there any more: take it out of clean.columns.yaml" in err


def test_a_sync_that_warns_takes_what_is_new_with_a_warning(site: Site) -> None:
    site.write(integration={"syncs.app.coverage": "warn"})
    code, err = ends(site, "ALTER TABLE people ADD phone text")
    assert (code, len(site.people()), "people.phone (text) is new" in err) == (0, 500, True), err


def test_a_sync_that_warns_says_that_nothing_is_decided(site: Site) -> None:
    site.write(integration={"syncs.app.coverage": "warn"})
    site.decisions.stop("{}")
    (site.decisions.folder / "clean.columns.yaml").unlink()
    ran = site.run("sync", "app")
    assert (ran.code, len(site.people())) == (0, 500), ran.err
    assert "nobody has decided on the columns of app (production)" in ran.err


def test_a_file_that_is_wrong_is_refused_before_anything_is_touched(site: Site) -> None:
    code, err = ends(site, "", "people:\n  id: keep\n")
    assert (code, site.people(), site.artefacts()) == (2, OLD, []), err
    assert "clean.columns.yaml:2: 'people.id' is 'keep'" in err


def test_without_a_file_a_sync_out_of_production_is_refused(site: Site) -> None:
    site.decisions.stop("{}")
    (site.decisions.folder / "clean.columns.yaml").unlink()
    ran = site.run("sync", "app")
    assert (ran.code, site.artefacts()) == (2, []), ran.err
    assert "'envsync sanitise.init app' drafts" in ran.err


def test_a_dry_run_shows_the_comparison_before_the_script(site: Site) -> None:
    ran = site.run("sync", "app", "--dry-run")
    lines = [line.split(" ")[0] for line in ran.out.splitlines()]
    shown = "with clean.columns.yaml: one not decided on fails the step"
    assert ran.code == 0, ran.err
    assert shown in ran.out
    assert lines.index("sanitise") > [shown in line for line in ran.out.splitlines()].index(True)

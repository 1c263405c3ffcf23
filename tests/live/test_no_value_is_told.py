"""What a server says of a value of a row is told to nobody: neither shown, nor kept, nor stored."""

from pathlib import Path

import pytest

from tests.live.site import Site

pytestmark = pytest.mark.live

PRIVATE = "private.example"
RAISED = """
DO $$ BEGIN RAISE EXCEPTION 'left: %', (SELECT email FROM people LIMIT 1) USING ERRCODE = '{}'; END $$;
"""
# A constraint that has become false is found out by the restore, which adds it after the rows.
STRICT = """
CREATE TABLE allowed (yes boolean);
CREATE FUNCTION fits(email text) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN IF NOT EXISTS (SELECT FROM public.allowed) THEN RAISE EXCEPTION 'bad value %', email; END IF;
  RETURN true; END $$;
INSERT INTO allowed VALUES (true);
ALTER TABLE people ADD CHECK (fits(email));
"""


def assert_told_without_values(site: Site, out: str, err: str, sentence: str) -> None:
    shown = site.run("status").out + site.run("history", "app").out
    assert sentence in err
    for place in (out, err, shown, *_written(site.folder)):
        assert PRIVATE not in place


def _written(folder: Path) -> list[str]:
    """Return all that lies in a site's folder and is no artefact."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return [
        each.read_text(errors="replace")
        for each in files
        if not each.name.endswith(".dump.zst") and "sanitisation_sql" not in each.parts
    ]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("UPDATE people SET id = email::int;", "clean.sql failed: invalid input syntax for type"),
        ("UPDATE people SET town = email::date::text;", "clean.sql failed: invalid input syntax"),
        (RAISED.format("P0001"), "clean.sql failed: an exception was raised in SQL (P0001)"),
        (RAISED.format("AB123"), "clean.sql failed: an exception was raised in SQL (AB123)"),
    ],
)
def test_a_script_that_fails_over_a_value_does_not_tell_it(
    site: Site, script: str, sentence: str
) -> None:
    site.script(script)
    ran = site.run("sync", "app")
    assert ran.code == 1
    assert_told_without_values(site, ran.out, ran.err, sentence)


def test_a_check_that_fails_over_a_value_does_not_tell_it(site: Site) -> None:
    site.script("SELECT 1;", checks="SELECT id FROM people WHERE email::int > 0;")
    ran = site.run("sync", "app")
    assert ran.code == 1
    assert_told_without_values(site, ran.out, ran.err, "clean.checks.sql failed: invalid input")


@pytest.mark.parametrize("task", [("sync", "app"), ("verify", "app", "--env", "production")])
def test_a_restore_that_fails_over_a_value_does_not_tell_it(
    site: Site, task: tuple[str, ...]
) -> None:
    site.production.run(STRICT, site.source)
    site.decide()
    site.write(production={"databases.app.verify": {}})
    assert site.run("push", "app", "--env", "production").code == 0
    site.production.run("DELETE FROM allowed", site.source)
    ran = site.run("push", "app", "--env", "production", "--allow-shrink", "emptied on purpose")
    assert ran.code == 0, ran.err
    ran = site.run(*task)
    assert ran.code == 1, ran.err
    assert_told_without_values(site, ran.out, ran.err, "an exception was raised in SQL (P0001)")

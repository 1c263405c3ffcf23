"""What a sync does to its copy besides sanitising: texts rewritten, programs run once it is live."""

import shlex
from pathlib import Path

import pytest

from tests.live.site import Site

pytestmark = pytest.mark.live

LINKS = """
CREATE TABLE links (id int PRIMARY KEY, url text, settings jsonb, mirrors text[]);
INSERT INTO links VALUES
  (1, 'https://www.gov.example/a?next=www.gov.example', '{"home": "www.gov.example"}',
   '{www.gov.example,assets.gov.example}'),
  (2, 'https://elsewhere.example', NULL, NULL);
CREATE TABLE "Odd Names" ("the ""url"" column" text);
INSERT INTO "Odd Names" VALUES ('x''%s www.gov.example');
"""
REWRITE = {
    "www.gov.example": "www.integration.gov.example",
    "gov.example": "other.gov.example",
}


def test_texts_are_rewritten_in_one_pass_in_text_json_and_arrays(site: Site) -> None:
    site.production.run(LINKS, site.source)
    fields = ("links.url", "links.settings", "links.mirrors", 'Odd Names.the "url" column')
    site.write(integration={"syncs.app.rewrite": dict.fromkeys(fields, REWRITE)})
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    rows = site.integration.run("SELECT * FROM links ORDER BY id", site.target)
    www = "www.integration.gov.example"
    assert rows == [
        (1, f"https://{www}/a?next={www}", {"home": www}, [www, "assets.other.gov.example"]),
        (2, "https://elsewhere.example", None, None),
    ]
    odd = site.integration.run('SELECT * FROM "Odd Names"', site.target)
    assert odd == [(f"x'%s {www}",)]


def test_checks_see_what_was_rewritten(site: Site) -> None:
    site.write(integration={"syncs.app.rewrite": {"people.town": {"Town": "Private"}}})
    site.script(checks="SELECT id FROM people WHERE town LIKE 'Private%';\n")
    ran = site.run("sync", "app")
    assert ran.code == 1
    assert site.people() == [(1, "yesterday@example.com", "Yesterday")]


def test_a_column_that_is_not_there_fails_the_pull(site: Site) -> None:
    site.write(integration={"syncs.app.rewrite": {"people.city": {"a": "b"}}})
    ran = site.run("sync", "app")
    assert ran.code == 1
    assert "rewrite names people.city, which" in ran.err
    assert site.people() == [(1, "yesterday@example.com", "Yesterday")]
    assert site.databases() == {"live"}


def test_programs_run_once_the_copy_is_live(site: Site, tmp_path: Path) -> None:
    told = tmp_path / "it's told"
    site.environment["SECRET"] = "marked"
    program = shlex.join(("sh", "-c", 'env > "$0"', str(told)))
    site.write(integration={"syncs.app.after_promote": [program]})
    dry = site.run("sync", "app", "--dry-run")
    assert f"ENVSYNC_DATABASE={site.target} sh -c" in dry.out
    assert not told.exists()
    assert site.run("sync", "app").code == 0
    variables = told.read_text().splitlines()
    assert f"ENVSYNC_DATABASE={site.target}" in variables
    assert "ENVSYNC_ENVIRONMENT=integration" in variables
    assert "SECRET=marked" not in variables


def test_a_program_that_fails_makes_the_step_red_and_the_copy_stays_live(site: Site) -> None:
    site.write(integration={"syncs.app.after_promote": ["true", "false", "no-such-program"]})
    ran = site.run("sync", "app")
    assert ran.code == 1
    assert "the copy is live, but after_promote went wrong: false failed" in ran.err
    assert len(site.people()) == 500
    assert "failed" in site.run("status", "--env", "integration").out
    assert site.run("status", "--env", "integration").out.count("?") == 0
    site.write(integration={"syncs.app.after_promote": ["true"]})
    assert site.run("sync", "app").code == 0

"""Places where unsanitised rows could outlive the script, or hide from it and from its checks."""

import pytest

from tests.live.site import SCRIPT, Site

pytestmark = pytest.mark.live

PRIVATE = "SELECT count(*) FROM {} WHERE {}::text LIKE '%@private.example%'"
POLICY = """
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
CREATE POLICY town ON people USING (town = current_setting('app.town', true));
"""
IN_FORCE = "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'people'"
VIEWS = """
CREATE VIEW written AS SELECT id, email FROM people;
CREATE MATERIALIZED VIEW addresses AS SELECT email FROM written;
CREATE MATERIALIZED VIEW domains AS SELECT DISTINCT split_part(email, '@', 2) FROM addresses;
CREATE MATERIALIZED VIEW unfilled AS SELECT email FROM people WITH NO DATA;
"""
BY_FUNCTION = """
CREATE FUNCTION everybody() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM public.people';
CREATE MATERIALIZED VIEW all_of_them AS SELECT * FROM everybody() email;
CREATE MATERIALIZED VIEW first_read AS SELECT email FROM people;
CREATE FUNCTION kept() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM public.first_read';
CREATE MATERIALIZED VIEW then_read AS SELECT * FROM kept() email;
"""
TOKENS = """
CREATE TABLE tokens (token text) WITH (autovacuum_enabled = true);
INSERT INTO tokens SELECT 'secret-' || n % 20 FROM generate_series(1, 5000) n;
CREATE TABLE plain (token text);
INSERT INTO plain SELECT 'secret-' || n % 20 FROM generate_series(1, 5000) n;
"""
EMPTYING = "\n".join(  # noqa: FLY002 - a script, not a sentence
    ("SELECT pg_sleep(3);", "DELETE FROM tokens;", "DELETE FROM plain;", SCRIPT)
)
SAMPLES = "SELECT count(*) FROM pg_stats WHERE tablename IN ('tokens', 'plain')"
SHADOW = """
CREATE FUNCTION public.{} RETURNS {} LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'somebody else''s code ran as %', current_user; END $$
"""


def test_rows_that_row_security_hides_are_sanitised_and_hidden_again(site: Site) -> None:
    site.production.run(POLICY, site.source)
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert site.integration.run(PRIVATE.format("people", "people"), site.target) == [(0,)]
    assert site.integration.run(IN_FORCE, site.target) == [(True, True)]
    assert site.integration.run("SELECT * FROM people", site.target, site.owner) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_materialised_views_are_filled_from_what_is_sanitised(site: Site, jobs: int) -> None:
    site.production.run(VIEWS, site.source)
    site.write(integration={"databases.app.restore_jobs": jobs})
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert site.integration.run(PRIVATE.format("addresses", "email"), site.target) == [(0,)]
    assert site.integration.run("SELECT * FROM domains", site.target) == [("example.com",)]
    populated = "SELECT matviewname FROM pg_matviews WHERE NOT ispopulated"
    assert site.integration.run(populated, site.target) == [("unfilled",)]


def test_views_that_read_through_functions_are_filled_anew_as_well(site: Site) -> None:
    site.production.run(BY_FUNCTION, site.source)
    # Of views that read each other through functions only a restore in one session can come right.
    site.write(integration={"databases.app.restore_jobs": 1})
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    for view in ("all_of_them", "first_read", "then_read"):
        assert site.integration.run(PRIVATE.format(view, "email"), site.target) == [(0,)]
        assert site.integration.run(f"SELECT count(*) > 0 FROM {view}", site.target) == [(True,)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_sample_of_a_table_that_is_emptied_is_left(site: Site, jobs: int) -> None:
    site.production.run(TOKENS, site.source)
    site.write(integration={"databases.app.restore_jobs": jobs})
    site.script(EMPTYING)
    server = site.integration
    server.run("ALTER SYSTEM SET autovacuum_naptime = '1s'")
    server.run("SELECT pg_reload_conf()")
    try:
        ran = site.run("sync", "app")
    finally:
        server.run("ALTER SYSTEM RESET autovacuum_naptime")
        server.run("SELECT pg_reload_conf()")
    assert ran.code == 0, ran.err
    assert server.run(SAMPLES, site.target) == [(0,)]
    options = (
        "SELECT relname, reloptions FROM pg_class WHERE relname IN ('tokens', 'plain', 'notes')"
    )
    assert sorted(server.run(options, site.target)) == [
        ("notes", None),
        ("plain", None),
        ("tokens", ["autovacuum_enabled=true"]),
    ]


def test_functions_that_stand_in_for_the_server_s_own_are_never_run(site: Site) -> None:
    for signature, returns in (
        ("format(text, name, name)", "text"),
        ("format(text, name)", "text"),
        ("pg_relation_size(oid)", "bigint"),
        ("coalesce_anything(bigint)", "bigint"),
    ):
        site.production.run(SHADOW.format(signature, returns), site.source)
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err


def test_settings_of_the_replaced_database_do_not_end_the_pull(site: Site) -> None:
    site.integration.run(f"ALTER DATABASE {site.target} SET statement_timeout = '1ms'")
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err

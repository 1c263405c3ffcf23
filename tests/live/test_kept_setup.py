"""What was set up on the live database by hand holds of the copy that takes its place."""

import pytest

from tests.live.site import Site

pytestmark = pytest.mark.live

SECRETS = """
CREATE FUNCTION secret() RETURNS bigint LANGUAGE sql SECURITY DEFINER
  AS 'SELECT count(*) FROM public.people';
CREATE TYPE mood AS ENUM ('calm');
"""
TAKEN_AWAY = """
REVOKE ALL ON FUNCTION secret() FROM PUBLIC;
REVOKE ALL ON TYPE mood FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO "{nobody}";
"""
MAY = """
SELECT has_function_privilege('{0}', 'secret()', 'EXECUTE'),
       has_type_privilege('{0}', 'mood', 'USAGE'), has_schema_privilege('{0}', 'public', 'CREATE')
"""
LATER = "CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'"
SEARCH_PATH = '"$user", public, "my app"'


def test_a_search_path_of_several_schemas_stays_one_of_several(site: Site) -> None:
    server, target = site.integration, site.target
    server.run(f'ALTER DATABASE "{target}" SET search_path = "$user", public, "my app"')
    server.run(f"ALTER DATABASE \"{target}\" SET work_mem = '5MB'")
    for _ in range(2):
        ran = site.run("sync", "app")
        assert ran.code == 0, ran.err
        assert server.run("SHOW search_path", target) == [(SEARCH_PATH,)]
        assert server.run("SHOW work_mem", target) == [("5MB",)]
        assert server.run("SELECT count(*) FROM people", target) == [(500,)]


def test_what_was_taken_from_everybody_stays_taken(site: Site) -> None:
    server, target = site.integration, site.target
    nobody = server.role("nobody")
    site.production.run(SECRETS, site.source)
    server.run(SECRETS, target, site.owner)
    server.run(TAKEN_AWAY.format(owner=site.owner, nobody=nobody), target)
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert server.run(MAY.format(nobody), target) == [(False, False, True)]
    server.run(LATER, target, site.owner)
    may = f"SELECT has_function_privilege('{nobody}', 'later()', 'EXECUTE')"
    assert server.run(may, target) == [(False,)]


def test_a_rollback_clears_away_what_a_killed_promote_has_left(site: Site) -> None:
    assert site.run("sync", "app").code == 0
    left = f"{site.target}__discarded"
    site.integration.run(f'CREATE DATABASE "{left}" OWNER "{site.admin}"')
    ran = site.run("rollback", "app", "--env", "integration")
    assert ran.code == 0, ran.err
    assert left not in site.databases()

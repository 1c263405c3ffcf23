"""F5: on a managed service envsync is no superuser, and the service's own sessions stay."""

import psycopg
import pytest

from tests.failures.aftermath import Serves, assert_aftermath, assert_unharmed
from tests.failures.postgresql_scene import PostgresqlScene
from tests.servers.postgresql import PASSWORD

pytestmark = pytest.mark.live

SUPERUSERS = """
CREATE EXTENSION citext;
COMMENT ON EXTENSION citext IS 'a comment of who made it';
COMMENT ON EXTENSION plpgsql IS 'another one';
CREATE FUNCTION stop_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER stop_ddl ON ddl_command_start EXECUTE FUNCTION stop_ddl();
CREATE PUBLICATION everything FOR ALL TABLES;
ALTER TABLE people ALTER town TYPE citext;
"""
NAMES_WITHOUT_SCHEMA = """
CREATE TABLE towns (name text PRIMARY KEY);
CREATE FUNCTION note_town() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO towns VALUES (NEW.town) ON CONFLICT DO NOTHING; RETURN NEW; END';
CREATE TRIGGER note_town BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION note_town();
"""


def test_what_only_a_superuser_may_restore_is_left_out_and_told_of_no_error(
    scene: PostgresqlScene,
) -> None:
    site = scene.site
    site.production.run(SUPERUSERS, site.source)
    (is_superuser,) = site.integration.ask(
        "SELECT rolsuper FROM pg_roles WHERE rolname = %s", (site.admin,)
    )
    ended = scene.run("sync", "app")
    assert (is_superuser, "warning" in ended.err) == ((False,), False), ended.err
    assert_aftermath(scene, ended, None, Serves.FRESH)


def test_names_without_a_schema_are_found_though_the_dump_empties_the_search_path(
    scene: PostgresqlScene,
) -> None:
    site = scene.site
    site.production.run(NAMES_WITHOUT_SCHEMA, site.source)
    site.production.run(f"ALTER DATABASE \"{site.source}\" SET search_path = ''")
    ended = scene.run("sync", "app")
    assert_aftermath(scene, ended, None, Serves.FRESH)
    assert site.integration.run("SELECT name FROM towns", site.target, site.owner) == [("Run 1",)]


def test_a_session_of_the_service_itself_stays_and_the_old_data_with_it(
    scene: PostgresqlScene,
) -> None:
    old = scene.served()
    service = scene.site.integration.role("rdsadmin", "SUPERUSER")
    conninfo = scene.site.integration.conninfo(scene.site.target, service)
    with psycopg.connect(conninfo, password=PASSWORD, autocommit=True) as session:
        ended = scene.run("sync", "app")
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert f"sessions that this role may not end stay: {service} in" in ended.err
    assert_unharmed(scene, ended, old)
    assert_aftermath(scene, ended, old)

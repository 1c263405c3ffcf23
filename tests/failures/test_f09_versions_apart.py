"""F9: client, server and dump are of different versions: the one that fits is chosen, or none."""

from pathlib import Path

import pytest

from envsync.gateways.postgresql.clients import installed
from tests.failures.aftermath import Serves, assert_aftermath, assert_nothing_left, assert_unharmed
from tests.failures.postgresql_scene import postgresql_scene
from tests.servers.availability import unavailable
from tests.servers.postgresql import Postgresql, PostgresqlServer

pytestmark = pytest.mark.live

PUSH = ("push", "app", "--env", "production")


def test_without_a_client_that_fits_nothing_is_touched_and_with_one_it_is_chosen(
    tmp_path: Path, postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    newest = max(client.major for client in installed(()))
    if newest >= 18:
        unavailable(f"clients of PostgreSQL {newest} are installed, remove those after 17")
    with postgresql_scene(tmp_path, postgresql_18, postgresql.integration) as scene:
        old = scene.served()
        ended = scene.run(*PUSH)
        assert (ended.code, scene.site.artefacts()) == (2, []), ended.err
        assert "no pg_dump here can read a PostgreSQL 18 server" in ended.err
        assert_unharmed(scene, ended, old)
        scene.change("production", "clients", [str(postgresql_18.programs)])
        assert f"{postgresql_18.programs}/pg_dump" in scene.run(*PUSH, "--dry-run").out
        assert scene.run(*PUSH).code == 0
        assert_nothing_left(scene)


def test_a_target_that_is_newer_gets_the_client_of_its_own_version(
    tmp_path: Path, postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    with postgresql_scene(tmp_path, postgresql.production, postgresql_18) as scene:
        scene.change("integration", "clients", [str(postgresql_18.programs)])
        assert_aftermath(scene, scene.run("sync", "app"), None, Serves.FRESH)


def test_a_dump_that_is_newer_than_its_target_is_refused_before_the_push(
    tmp_path: Path, postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    with postgresql_scene(tmp_path, postgresql_18, postgresql.integration) as scene:
        for environment in ("production", "integration"):
            scene.change(environment, "clients", [str(postgresql_18.programs)])
        old = scene.served()
        ended = scene.run("sync", "app")
        assert (ended.code, scene.site.artefacts()) == (2, []), ended.err
        assert "does not fit the older target server" in ended.err
        assert_unharmed(scene, ended, old)

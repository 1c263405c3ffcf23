"""Servers of two versions: pulled into the newer one, refused into the older one."""

from pathlib import Path

import pytest

from envsync.gateways.postgresql.clients import installed
from tests.live.temporary import temporary_site
from tests.live.untouched import assert_refused
from tests.servers.availability import unavailable
from tests.servers.postgresql import Postgresql, PostgresqlServer

pytestmark = pytest.mark.live


def test_a_source_newer_than_every_client_is_refused_naming_the_package(
    tmp_path: Path, postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    newest = max(client.major for client in installed(()))
    if newest >= 18:
        unavailable(f"clients of PostgreSQL {newest} are installed, remove those after 17")
    with temporary_site(tmp_path, Postgresql(postgresql_18, postgresql.integration)) as site:
        ran = site.run("sync", "app")
        assert_refused(
            site, ran, f"no pg_dump here can read a PostgreSQL 18 server (found {newest}."
        )
        assert "install postgresql-client-18, or name its folder under clients:" in ran.err


def test_a_target_older_than_the_source_is_refused(
    tmp_path: Path, postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    with temporary_site(tmp_path, Postgresql(postgresql_18, postgresql.integration)) as site:
        clients = {"clients": [str(postgresql_18.programs)]}
        site.write(production=clients, integration=clients)
        push = site.run("push", "app", "--env", "production")
        assert push.code == 0, push.err
        stored = site.artefacts()
        assert_refused(
            site,
            site.run("pull", "app"),
            "a dump of PostgreSQL 18 does not fit the older target server, PostgreSQL 15; "
            "upgrade the target to 18 first",
            stored,
        )


def test_a_target_newer_than_the_source_is_served(
    tmp_path: Path, postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    with temporary_site(tmp_path, Postgresql(postgresql.production, postgresql_18)) as site:
        ran = site.run("sync", "app")
        assert (ran.code, len(site.people())) == (0, 500), ran.err

"""Names that mean something to SQL, shells, URLs and formats go the whole road as mere names."""

from pathlib import Path

import pytest

from envsync.artefacts import ArtefactKey, Stamp
from envsync.commands.postgresql_text import quoted
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.untouched import OLD
from tests.servers.postgresql import Postgresql
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

DATABASE = """ it's "a=b"; -- /%20 ü\\{snapshot}$"""
TABLE = """we"ird; 't.able' ä%s {snapshot}"""
ROLE = """o'wn"er; -- ü %"""
PATH = "back ups/ü'%20;{0}"


def give_hostile_names(site: Site) -> str:
    """Rename a site's databases, and have it use hostile names for all the rest."""
    name = f"{site.target}{DATABASE}"
    owner = site.integration.role(ROLE)
    site.integration.run(f'GRANT {quoted(owner)} TO "{site.admin}"')
    for server in (site.production, site.integration):
        server.run(f'ALTER DATABASE "{site.target}" RENAME TO {quoted(name)}')
    site.production.run(f"CREATE TABLE {quoted(TABLE)} AS SELECT 1 AS {quoted(TABLE)}", name)
    site.source = site.target = name
    site.owner = owner
    named = {"databases.app.name": name, "databases.app.path": PATH}
    site.write(
        production=named,
        integration={
            **named,
            "databases.app.owner": owner,
            "databases.app.grants": {owner: ["SELECT"]},
        },
    )
    return name


def test_hostile_names_go_through_a_folder_and_back(site: Site) -> None:
    name = give_hostile_names(site)
    ran = site.run("sync", "app")
    assert (ran.code, len(site.people())) == (0, 500), ran.err
    tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
    assert {TABLE} < {table for (table,) in site.integration.run(tables, name, site.owner)}
    assert [ArtefactKey.parse(key) for key in site.artefacts() if key.endswith(".zst")] == [
        ArtefactKey(PATH, Stamp.parse(site.manifest()["stamp"]), name)
    ]
    back = site.run("rollback", "app", "--env", "integration")
    assert (back.code, site.people()) == (0, OLD), back.err
    assert site.databases() == {"live", "__previous"}


def test_hostile_names_go_through_s3_and_back(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    storage = {
        "backend": "s3",
        "bucket": moto_server.make_bucket(),
        "region": "eu-west-1",
        "endpoint_url": moto_server.endpoint_url,
    }
    with temporary_site(tmp_path, postgresql, storage) as site:
        site.environment |= moto_server.environment
        give_hostile_names(site)
        ran = site.run("sync", "app")
        assert (ran.code, len(site.people())) == (0, 500), ran.err
        listed = site.run("backups", "app", "--env", "production")
        assert (listed.code, len(listed.out.splitlines())) == (0, 3), listed.err


def test_rows_of_a_table_with_a_hostile_name_can_be_left_out(site: Site) -> None:
    name = give_hostile_names(site)
    site.write(
        production={"databases.app.name": name},
        integration={
            "databases.app.name": name,
            "syncs.app.exclude_table_data": [TABLE],
        },
    )
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert site.integration.run(f"TABLE {quoted(TABLE)}", name) == []

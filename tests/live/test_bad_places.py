"""Servers, storages and roles that cannot serve: refused before anything is touched."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.untouched import assert_refused
from tests.servers.ports import free_port
from tests.servers.postgresql import Postgresql
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

ENDS = ["production", "integration"]


@pytest.mark.parametrize("end", ENDS)
def test_a_server_that_nobody_reaches_is_told_before_anything_is_pushed(
    site: Site, end: str
) -> None:
    port = free_port()
    site.write(**{end: {"servers.postgres.port": port}})
    ran = site.run("sync", "app")
    assert_refused(site, ran, f"cannot connect to postgres@127.0.0.1:{port}: connection to server")


@pytest.mark.parametrize("end", ENDS)
def test_a_wrong_password_is_told_before_anything_is_pushed(site: Site, end: str) -> None:
    wrong = site.folder / "wrong"
    wrong.write_text("Wr0ng: ;'\"")
    wrong.chmod(0o600)
    site.write(**{end: {"servers.postgres.password": {"file": str(wrong)}}})
    ran = site.run("sync", "app")
    assert_refused(site, ran, "password authentication failed for user")
    assert "Wr0ng" not in ran.out + ran.err


def test_a_password_that_is_nowhere_is_told_before_anything_is_pushed(site: Site) -> None:
    site.write(integration={"servers.postgres.password": {"env": "NO_SUCH_PASSWORD"}})
    assert_refused(
        site,
        site.run("sync", "app"),
        "the environment variable 'NO_SUCH_PASSWORD' is not set; set it to the password",
    )


def test_a_server_that_cannot_prove_who_it_is_is_told_before_anything_is_pushed(
    site: Site,
) -> None:
    site.write(integration={"servers.postgres.tls": "verify-full"})
    ran = site.run("sync", "app")
    assert_refused(site, ran, f"cannot connect to postgres@127.0.0.1:{site.integration.port}")
    assert "SSL" in ran.err


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("not_there", "there is no database 'not_there' on postgres"),
        ("template0", "is not currently accepting connections"),
    ],
)
def test_a_source_that_is_not_there_is_told(site: Site, name: str, sentence: str) -> None:
    site.write(production={"databases.app.name": name})
    assert_refused(site, site.run("sync", "app"), sentence)


def test_a_source_without_tables_is_never_taken_for_data(site: Site) -> None:
    site.production.run("DROP TABLE notes, people", site.source)
    assert_refused(
        site,
        site.run("sync", "app"),
        f"{site.source!r} on postgres holds no tables, and an empty dump would pass for data",
    )


def test_a_storage_folder_that_is_missing_is_never_made(site: Site) -> None:
    (site.folder / "artefacts" / "production").rmdir()
    ran = site.run("sync", "app")
    assert_refused(site, ran, "there is no folder")
    assert not (site.folder / "artefacts" / "production").exists()


def test_a_bucket_that_is_not_there_is_told(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> None:
    storage = {
        "backend": "s3",
        "bucket": "no-such-bucket",
        "region": "eu-west-1",
        "endpoint_url": moto_server.endpoint_url,
    }
    with temporary_site(tmp_path, postgresql, storage) as site:
        site.environment |= moto_server.environment
        for half in ("push", "pull"):
            ran = site.run(half, "app")
            assert_refused(site, ran, "The specified bucket does not exist (NoSuchBucket)")


def test_a_role_that_may_not_create_databases_is_refused(site: Site) -> None:
    site.integration.run(f'ALTER ROLE "{site.admin}" NOCREATEDB')
    assert_refused(
        site,
        site.run("sync", "app"),
        f"role {site.admin!r} may not create databases on postgres, and what is restored needs one "
        f'of its own: ALTER ROLE "{site.admin}" CREATEDB; drills and cleaning can have',
    )


def test_a_role_that_is_no_member_of_the_owner_is_refused(site: Site) -> None:
    site.integration.run(f'REVOKE "{site.owner}" FROM "{site.admin}"')
    assert_refused(
        site,
        site.run("sync", "app"),
        f"role {site.admin!r} is no member of {site.owner!r}, the owner of app (integration), "
        f'on postgres: GRANT "{site.owner}" TO "{site.admin}"',
    )


def test_a_live_database_that_the_role_could_not_rename_is_refused(site: Site) -> None:
    site.integration.run(f'ALTER DATABASE "{site.target}" OWNER TO postgres')
    assert_refused(
        site,
        site.run("sync", "app"),
        f"the live database {site.target!r} belongs to 'postgres', and {site.admin!r} is no "
        f'member of it and so cannot rename it: ALTER DATABASE "{site.target}" OWNER TO '
        f'"{site.owner}"',
    )


@pytest.mark.parametrize("suffix", ["__incoming", "__previous", "__discarded"])
def test_a_database_in_the_way_that_could_not_be_dropped_is_refused(
    site: Site, suffix: str
) -> None:
    site.integration.run(f'CREATE DATABASE "{site.target}{suffix}"')
    try:
        ran = site.run("sync", "app")
        told = site.run("doctor").out
    finally:
        site.integration.run(f'DROP DATABASE "{site.target}{suffix}"')
    sentence = f"the database '{site.target}{suffix}', in whose place a pull works, belongs to"
    assert_refused(site, ran, sentence)
    assert sentence in " ".join(told.split())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"databases.app.owner": "nobody_at_all"},
            "role 'nobody_at_all', the owner of app (integration), does not exist on postgres",
        ),
        (
            {"databases.app.grants": {"nobody_at_all": ["SELECT"]}},
            "grants: of app (integration) names 'nobody_at_all', unknown on postgres",
        ),
    ],
    ids=["owner", "grantee"],
)
def test_a_role_that_does_not_exist_is_refused(
    site: Site, changes: Mapping[str, object], sentence: str
) -> None:
    site.write(integration=changes)
    assert_refused(site, site.run("sync", "app"), sentence)


def test_a_source_that_may_not_be_read_is_refused_with_what_to_grant(site: Site) -> None:
    reader = site.production.role("reader")
    site.write(production={"servers.postgres.user": reader})
    site.production.run(f'GRANT SELECT ON notes TO "{reader}"', site.source)
    sentence = f"role {reader!r} may not read public.people"
    for task in (("sync", "app"), ("push", "app", "--env", "production")):
        ran = site.run(*task)
        assert_refused(site, ran, sentence)
        assert f'GRANT pg_read_all_data TO "{reader}"' in ran.err
    assert sentence in site.run("doctor").out

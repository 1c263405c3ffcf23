"""Archives restored straight from a stream into real servers."""

from dataclasses import replace

import pytest

from envsync.gateways.postgresql.rows import count_rows
from envsync.gateways.postgresql.session import connect
from envsync.gateways.scope import Scope
from tests.gateways.postgresql.restoring import into, restored
from tests.gateways.postgresql.specimen import (
    EVERYTHING,
    EXTENSIONS,
    PRODUCTION_ALONE,
    archived,
    described,
    in_blocks,
)
from tests.servers.postgresql import Postgresql, PostgresqlServer

NOT_OF = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relowner <> '{role}'::regrole AND n.nspname !~ '^(pg_|information_schema)'
 UNION ALL
SELECT nspname FROM pg_namespace
 WHERE nspowner <> '{role}'::regrole AND nspname !~ '^(pg_|information_schema|public)'
"""
OF_PRODUCTION_ALONE = """
SELECT (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_user_mappings),
       (SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
         WHERE d.datname = current_database()),
       (SELECT count(*) FROM pg_event_trigger WHERE evtname = 'watcher'),
       (SELECT count(*) FROM pg_default_acl)
"""
UNFROZEN = """
CREATE EXTENSION pg_visibility;
SELECT count(*) FROM pg_visibility_map('large') WHERE NOT all_frozen
"""
COMPRESSIONS = "SELECT DISTINCT pg_column_compression(body) FROM wide WHERE id > 1"

pytestmark = pytest.mark.live


@pytest.mark.parametrize("jobs", [1, 2, 3, 5])
def test_a_copy_is_the_same_as_its_source(
    postgresql: Postgresql, everything: str, archive: bytes, jobs: int
) -> None:
    target = postgresql.integration.database()
    restored(into(postgresql.integration, target, jobs), in_blocks(archive))
    source = described(postgresql.production, everything)
    assert described(postgresql.integration, target) == source


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_the_rows_of_every_table_are_told_as_a_push_counts_them(
    postgresql: Postgresql, everything: str, archive: bytes, jobs: int
) -> None:
    target = postgresql.integration.database()
    told = restored(into(postgresql.integration, target, jobs), in_blocks(archive))
    with connect(postgresql.production.target(everything), Scope()) as session:
        assert told == count_rows(session, "exact", ())


@pytest.mark.parametrize("jobs", [2, 3, 4])
def test_large_tables_and_rows_larger_than_a_block_arrive_whole(
    postgresql: Postgresql, large: str, large_archive: bytes, jobs: int
) -> None:
    target = postgresql.integration.database()
    restored(into(postgresql.integration, target, jobs), in_blocks(large_archive))
    assert described(postgresql.integration, target) == described(postgresql.production, large)


@pytest.mark.parametrize("size", [977, 1 << 22])
def test_it_does_not_matter_in_which_blocks_an_archive_arrives(
    postgresql: Postgresql, everything: str, archive: bytes, size: int
) -> None:
    target = postgresql.integration.database()
    restored(into(postgresql.integration, target, 2), in_blocks(archive, size))
    source = described(postgresql.production, everything)
    assert described(postgresql.integration, target) == source


def test_two_jobs_load_large_tables_frozen(postgresql: Postgresql, large_archive: bytes) -> None:
    target = postgresql.integration.database()
    restored(into(postgresql.integration, target, 2), in_blocks(large_archive))
    assert postgresql.integration.run(UNFROZEN, target) == [(0,)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_large_values_are_compressed_with_lz4(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    target = postgresql.integration.database()
    restored(into(postgresql.integration, target, jobs), in_blocks(large_archive))
    assert postgresql.integration.run(COMPRESSIONS, target) == [("lz4",)]


def test_a_server_configured_to_compress_otherwise_is_left_alone(
    postgresql: Postgresql, large_archive: bytes
) -> None:
    target = postgresql.integration.database()
    postgresql.integration.run(f"ALTER DATABASE {target} SET default_toast_compression = 'pglz'")
    restored(into(postgresql.integration, target, 2), in_blocks(large_archive))
    assert postgresql.integration.run(COMPRESSIONS, target) == [("pglz",)]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_role_that_is_no_superuser_restores_for_the_owner(
    postgresql: Postgresql, everything: str, archive: bytes, jobs: int
) -> None:
    server = postgresql.integration
    owner = server.role("owner")
    admin = server.role("admin", "CREATEDB", member_of=(owner,))
    target = _quarantine(server, admin, owner)
    command = replace(into(server, target, jobs, admin), role=owner)
    restored(command, in_blocks(archive))
    assert described(server, target) == described(postgresql.production, everything)
    assert server.run(NOT_OF.format(role=owner), target) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_of_production_alone_is_left_out(postgresql: Postgresql, jobs: int) -> None:
    source = postgresql.production.database()
    postgresql.production.run(EXTENSIONS + EVERYTHING, source)
    postgresql.production.run(PRODUCTION_ALONE.format(subscription=source), source)
    archive = archived(postgresql.production, source)
    postgresql.production.run(f"DROP SUBSCRIPTION {source}", source)
    target = postgresql.integration.database()
    restored(into(postgresql.integration, target, jobs), in_blocks(archive))
    assert postgresql.integration.run(OF_PRODUCTION_ALONE, target) == [(0, 0, 0, 1, 0)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_event_triggers_are_left_out_for_those_who_may_not_have_them(
    postgresql: Postgresql, jobs: int
) -> None:
    source = postgresql.production.database()
    triggers = PRODUCTION_ALONE[PRODUCTION_ALONE.index("CREATE FUNCTION watched") :]
    postgresql.production.run(f"CREATE TABLE texts AS SELECT 1 AS id; {triggers}", source)
    admin = postgresql.integration.role("admin", "CREATEDB")
    target = postgresql.integration.database(owner=admin)
    archive = archived(postgresql.production, source)
    restored(into(postgresql.integration, target, jobs, admin), in_blocks(archive))
    assert postgresql.integration.run("SELECT * FROM texts", target) == [(1,)]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_tables_named_without_rows_stay_empty(
    postgresql: Postgresql, archive: bytes, jobs: int
) -> None:
    target = postgresql.integration.database()
    command = into(postgresql.integration, target, jobs)
    command = replace(command, without_rows=("child", "public.texts"))
    told = restored(command, in_blocks(archive))
    counts = "SELECT (SELECT count(*) FROM texts), (SELECT count(*) FROM child)"
    assert postgresql.integration.run(counts, target) == [(0, 0)]
    assert not told.keys() & {"public.texts", "public.child"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_source_is_read_to_its_end_though_its_last_rows_are_not_wanted(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    unread = in_blocks(large_archive)
    target = postgresql.integration.database()
    command = replace(into(postgresql.integration, target, jobs), without_rows=("wide",))
    restored(command, unread)
    assert next(unread, None) is None


def test_large_objects_go_the_plain_way(postgresql: Postgresql) -> None:
    source = postgresql.production.database()
    postgresql.production.run(r"SELECT lo_from_bytea(4711, '\x00ff0a5c')", source)
    target = postgresql.integration.database()
    archive = archived(postgresql.production, source)
    restored(into(postgresql.integration, target, 2), in_blocks(archive))
    assert postgresql.integration.run("SELECT lo_get(4711)", target) == [(b"\x00\xff\n\\",)]


def test_rows_dumped_as_statements_go_the_plain_way(postgresql: Postgresql, large: str) -> None:
    archive = archived(
        postgresql.production, large, "--rows-per-insert=500", "--exclude-table-data=wide"
    )
    target = postgresql.integration.database()
    told = restored(into(postgresql.integration, target, 2), in_blocks(archive))
    assert told == {"public.before": 10, "public.large": 40_000}


def test_an_empty_database_is_copied(postgresql: Postgresql) -> None:
    archive = archived(postgresql.production, postgresql.production.database())
    target = postgresql.integration.database()
    assert restored(into(postgresql.integration, target, 2), in_blocks(archive)) == {}


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_name_of_a_database_says_more_than_its_name(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    name = 'd\'b "x" = \\ host=nowhere; ü\n☃' + str(jobs)
    postgresql.integration.run('CREATE DATABASE "' + name.replace('"', '""') + '"')
    told = restored(into(postgresql.integration, name, jobs), in_blocks(large_archive))
    assert told["public.large"] == 40_000


def test_rows_of_an_extensions_own_table_are_loaded_as_who_made_the_extension(
    postgresql: Postgresql,
) -> None:
    source = postgresql.production.database()
    postgresql.production.run(_OWN_TABLE, source)
    owner = postgresql.integration.role("owner")
    target = postgresql.integration.database()
    postgresql.integration.run(f"GRANT ALL ON SCHEMA public TO {owner}", target)
    postgresql.integration.run("CREATE TABLE known (word text)", target)
    archive = archived(postgresql.production, source)
    command = replace(into(postgresql.integration, target, 2), role=owner)
    assert restored(command, in_blocks(archive)) == {"public.ours": 1}
    assert postgresql.integration.run("SELECT * FROM known", target) == [("of the extension",)]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_newer_server_and_its_client_take_an_older_archive(
    postgresql: Postgresql,
    postgresql_18: PostgresqlServer,
    plain: str,
    jobs: int,
) -> None:
    target = postgresql_18.database()
    archive = archived(postgresql.production, plain)
    restored(into(postgresql_18, target, jobs), in_blocks(archive))
    source = described(postgresql.production, plain, "--data-only")
    assert described(postgresql_18, target, "--data-only") == source


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_newer_archive_is_copied(postgresql_18: PostgresqlServer, jobs: int) -> None:
    source, target = postgresql_18.database(), postgresql_18.database()
    postgresql_18.run(EVERYTHING, source)
    archive = archived(postgresql_18, source, "--statistics")
    restored(into(postgresql_18, target, jobs), in_blocks(archive))
    assert described(postgresql_18, target) == described(postgresql_18, source)


def _quarantine(server: PostgresqlServer, admin: str, owner: str) -> str:
    """Create a database as a pull does."""
    name = server.database(owner=admin)
    server.run(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC", role=admin)
    server.run(f"GRANT CREATE, TEMPORARY ON DATABASE {name} TO {owner}", role=admin)
    server.run(f"GRANT ALL ON SCHEMA public TO {owner}", name, admin)
    return name


# What pg_extension_config_dump does in an extension's own script.
_OWN_TABLE = """
CREATE EXTENSION citext; CREATE TABLE known (word text); CREATE TABLE ours (word text);
INSERT INTO known VALUES ('of the extension'); INSERT INTO ours VALUES ('our own');
ALTER EXTENSION citext ADD TABLE known;
UPDATE pg_extension SET extconfig = ARRAY['known'::regclass::oid], extcondition = ARRAY['']
 WHERE extname = 'citext';
"""

"""How PostgreSQL is pushed and pulled: steps and facts in, printed commands out."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from envsync.artefacts import ScriptUsed
from envsync.commands import Command
from envsync.commands.artefacts import Publish
from envsync.commands.postgresql import Dump, Restore, RunChecks, RunScript
from envsync.commands.postgresql_promote import Promote
from envsync.commands.postgresql_text import conninfo
from envsync.dbms import postgresql
from envsync.dbms.postgresql_pull import EVERYBODY
from envsync.dbms.request import Request
from envsync.facts.postgresql import Grant, PullFacts, PushFacts, Setting
from envsync.plan.expand import expand
from envsync.plan.model import Step
from envsync.provenance import Provenance
from tests.fleet import (
    LIVE,
    MANIFEST,
    NOTHING_PERSONAL,
    NOW,
    PUBLISHING,
    PULL_FACTS,
    PUSH_FACTS,
    SHARED,
    inventory,
    sync,
)

REQUEST = Request(NOW)
PUSH, PULL, _ = expand(SHARED).steps


def printed(commands: Iterable[Command]) -> list[str]:
    return [line for command in commands for line in command.lines()]


def commands(step: Step, facts: PushFacts | PullFacts) -> list[Command]:
    return list(postgresql.commands(step, REQUEST, facts))


def test_a_push_dumps_in_one_snapshot_and_publishes_last() -> None:
    assert printed(commands(PUSH, PUSH_FACTS)) == [
        "remove half uploads older than 24 hours below file:///store/production/postgresql",
        (
            "sql publishing_api_production@postgres.production:5432: "
            "begin repeatable read, read only; export its snapshot"
        ),
        (
            "/usr/lib/postgresql/15/bin/pg_dump --format=custom --compress=0 --snapshot={snapshot} "
            "--lock-wait-timeout=60s --no-password "
            "'--dbname=host=postgres.production port=5432 dbname=publishing_api_production "
            "user=envsync sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt "
            "connect_timeout=15 application_name=envsync' | zstd -3 -T2 | sha256 | upload "
            "file:///store/production/postgresql/2026-11-20T02:40:00Z-publishing_api_production"
            ".dump.zst"
        ),
        (
            "sql publishing_api_production@postgres.production:5432: "
            "row counts of every table in the same snapshot (count(*))"
        ),
        (
            "publish file:///store/production/postgresql/"
            "2026-11-20T02:40:00Z-publishing_api_production.dump.zst.manifest.json"
        ),
    ]


def test_a_pull_restores_beside_sanitises_checks_and_only_then_promotes() -> None:
    database = "publishing_api_production__incoming@postgres.staging:5432"
    maintenance = "postgres@postgres.staging:5432"
    program = "/usr/lib/postgresql/15/bin/pg_restore --use-list=WANTED"
    restore = (
        f"{program} --exit-on-error --no-password --no-owner --no-acl --no-tablespaces "
        "--role=publishing_api '--dbname=host=postgres.staging port=5432 "
        "dbname=publishing_api_production__incoming user=envsync sslmode=verify-full "
        "sslrootcert=/etc/ssl/certs/ca-certificates.crt connect_timeout=15 "
        "application_name=envsync'"
    )
    artefact = "file:///store/production/postgresql/2026-11-20T02:40:00Z-publishing_api_production"
    assert printed(commands(PULL, PULL_FACTS)) == [
        f'sql {maintenance}: hold an advisory lock for "publishing_api_production" until the end',
        f'sql {maintenance}: DROP DATABASE IF EXISTS "publishing_api_production__incoming"',
        f'sql {maintenance}: DROP DATABASE IF EXISTS "publishing_api_production__discarded"',
        (
            f'sql {maintenance}: CREATE DATABASE "publishing_api_production__incoming" TEMPLATE '
            "template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' "
            "ALLOW_CONNECTIONS false"
        ),
        (
            f'sql {maintenance}: REVOKE ALL ON DATABASE "publishing_api_production__incoming" '
            "FROM PUBLIC"
        ),
        (
            f"sql {maintenance}: GRANT CREATE, TEMPORARY ON DATABASE "
            '"publishing_api_production__incoming" TO "publishing_api"'
        ),
        (
            f'sql {maintenance}: ALTER DATABASE "publishing_api_production__incoming" '
            "ALLOW_CONNECTIONS true"
        ),
        f'sql {database}: GRANT ALL ON SCHEMA public TO "publishing_api"',
        f"{restore} CONTENTS (what comes before rows)",
        (
            f"download {artefact}.dump.zst | sha256 | zstd -d | {program} --file=- | "
            "2 connections: COPY FROM stdin"
        ),
        f"{restore} --jobs=2 CONTENTS (what comes after rows)",
        f"compare the rows of {database} with {artefact}.dump.zst.manifest.json",
        f"compare the columns of {database} with clean.columns.yaml: one not decided on fails the step",
        f'sanitise {database} as "publishing_api": clean.sql in one transaction',
        f"sql {database}: REFRESH MATERIALIZED VIEW, each that is populated",
        f"check {database}: every query of clean.checks.sql returns no rows",
        f"sql {database}: ENABLE ROW LEVEL SECURITY where it was, autovacuum as it was",
        f'sql {database}: REVOKE ALL ON SCHEMA public FROM "publishing_api"',
        f'verify {database}: everything belongs to "publishing_api"',
        f"sql {database}: ANALYZE all, VACUUM what was sanitised, 2 at once",
        (
            f'sql {maintenance}: ALTER DATABASE "publishing_api_production__previous" RENAME TO '
            '"publishing_api_production__discarded"'
        ),
        (
            f'sql {maintenance}: ALTER DATABASE "publishing_api_production" RENAME TO '
            '"publishing_api_production__previous"'
        ),
        (
            f'sql {maintenance}: ALTER DATABASE "publishing_api_production__incoming" RENAME TO '
            '"publishing_api_production"'
        ),
        (
            f"sql {maintenance}: commit the renames as one, the sessions of "
            '"publishing_api_production" ended'
        ),
    ]


def test_nothing_is_promoted_before_it_is_sanitised_and_checked() -> None:
    kinds = [type(command) for command in commands(PULL, PULL_FACTS)]
    order = [kinds.index(kind) for kind in (Restore, RunScript, RunChecks, Promote)]
    assert order == sorted(order)


def test_a_sync_that_never_sanitises_runs_no_script() -> None:
    plain = inventory(sync(PUBLISHING["production"], PUBLISHING["staging"], NOTHING_PERSONAL))
    _, pull = expand(plain).steps
    assert RunScript not in [type(command) for command in commands(pull, PULL_FACTS)]


def test_large_objects_are_restored_the_plain_way() -> None:
    facts = replace(PULL_FACTS, manifest=MANIFEST.model_copy(update={"large_objects": True}))
    (restore,) = (found for found in commands(PULL, facts) if isinstance(found, Restore))
    assert restore.jobs == 1


def test_a_failed_pull_leaves_no_quarantine() -> None:
    assert printed(postgresql.abandon(PULL, REQUEST)) == [
        (
            "sql postgres@postgres.staging:5432: hold an advisory lock for "
            '"publishing_api_production" until the end'
        ),
        (
            "sql postgres@postgres.staging:5432: DROP DATABASE IF EXISTS "
            '"publishing_api_production__incoming"'
        ),
    ]


def test_a_push_that_wrote_nothing_leaves_alone_what_another_wrote() -> None:
    assert printed(postgresql.abandon(PUSH, REQUEST)) == []


def test_a_failed_push_leaves_no_artefact() -> None:
    assert printed(postgresql.abandon(PUSH, replace(REQUEST, dumped=True))) == [
        (
            "remove file:///store/production/postgresql/"
            "2026-11-20T02:40:00Z-publishing_api_production.dump.zst if it has no manifest"
        )
    ]


def test_the_copy_gets_the_grants_and_settings_of_the_database_it_replaces() -> None:
    live = replace(
        LIVE,
        grants=(Grant("TABLE", "public.editions", "SELECT", "reader"),),
        settings=(Setting(None, "work_mem", "64MB"),),
        connection_limit=20,
    )
    shown = printed(commands(PULL, replace(PULL_FACTS, live=live)))
    database = "publishing_api_production__incoming@postgres.staging:5432"
    assert [
        f'sql {database}: GRANT SELECT ON TABLE public.editions TO "reader", where it exists',
        (
            "sql postgres@postgres.staging:5432: ALTER DATABASE "
            '"publishing_api_production__incoming" SET work_mem'
        ),
        (
            "sql postgres@postgres.staging:5432: ALTER DATABASE "
            '"publishing_api_production__incoming" CONNECTION LIMIT 20'
        ),
    ] == [line for line in shown if "editions" in line or "SET" in line or "LIMIT" in line]


def test_an_inventory_s_grants_replace_those_of_the_live_database() -> None:
    target = replace(PUBLISHING["staging"], grants={"reader": ("SELECT",)})
    _, pull = expand(inventory(sync(PUBLISHING["production"], target))).steps
    assert (
        "sql publishing_api_production__incoming@postgres.staging:5432: "
        'GRANT SELECT ON ALL TABLES TO "reader"'
    ) in printed(commands(pull, PULL_FACTS))


def test_a_target_that_is_not_there_yet_is_created_open_to_everybody_as_postgresql_does() -> None:
    (promote,) = (
        c for c in commands(PULL, replace(PULL_FACTS, live=None)) if isinstance(c, Promote)
    )
    assert (promote.owner, promote.connect) == ("publishing_api", EVERYBODY)


def test_a_previous_that_nobody_wants_is_dropped_at_the_end() -> None:
    target = replace(PUBLISHING["staging"], keep_previous=False)
    _, pull = expand(inventory(sync(PUBLISHING["production"], target))).steps
    assert printed(commands(pull, PULL_FACTS))[-1] == (
        "sql postgres@postgres.staging:5432: DROP DATABASE IF EXISTS "
        '"publishing_api_production__previous"'
    )


def test_an_excluded_table_is_named_exactly() -> None:
    step = replace(PUSH, options=replace(PUSH.options, exclude_table_data=("events", 'a."b')))
    (dump,) = (found for found in commands(step, PUSH_FACTS) if isinstance(found, Dump))
    assert [argument for argument in dump.argv if argument.startswith("--exclude")] == [
        '--exclude-table-data=*."events"',
        '--exclude-table-data=*."a.""b"',
        '--exclude-table-data="a"."""b"',
    ]


def test_a_push_of_sanitised_data_says_so_in_its_manifest() -> None:
    script = ScriptUsed(name="clean.sql", sha256="a" * 64)
    came = Provenance("publishing_api", "production", NOW, script)
    facts = replace(PUSH_FACTS, source=replace(LIVE, provenance=came))
    (publish,) = (found for found in commands(PUSH, facts) if isinstance(found, Publish))
    assert publish.manifest.sanitised == (script,)


@given(st.text(min_size=1).filter(lambda name: "\0" not in name))
def test_any_database_name_reaches_the_client_unchanged(name: str) -> None:
    endpoint = PUBLISHING["production"].server.endpoint
    assert conninfo_to_dict(conninfo(endpoint, name))["dbname"] == name

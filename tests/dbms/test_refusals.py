"""What is refused before anything is touched, each in a sentence that says what would do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from envsync.artefacts import Stamp
from envsync.dbms.drivers import driver
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.postgresql import Client, PullFacts, PushFacts
from envsync.plan.expand import expand
from tests.fleet import LIVE, MANIFEST, NOW, PULL_FACTS, PUSH_FACTS, SERVER, SHARED

PUSH, PULL, _ = expand(SHARED).steps
LATER = Stamp(NOW.moment + timedelta(hours=40))


def manifest(**changes: object) -> PullFacts:
    return replace(PULL_FACTS, manifest=MANIFEST.model_copy(update=changes))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            replace(PUSH_FACTS, source=None),
            (
                "there is no database 'publishing_api_production' on production-postgres "
                "(postgres.production:5432); correct name: of publishing_api (production) in the "
                "inventory"
            ),
        ),
        (
            replace(PUSH_FACTS, source=replace(LIVE, tables=0)),
            (
                "'publishing_api_production' on production-postgres holds no tables, and an empty dump "
                "would pass for data; correct name: or server: in the inventory"
            ),
        ),
        (
            replace(PUSH_FACTS, clients=(Client(13, "13.9", "/old"),)),
            (
                "no pg_dump here can read a PostgreSQL 15 server (found 13.9 in /old); install "
                "postgresql-client-15, or name its folder under clients:"
            ),
        ),
        (
            replace(PUSH_FACTS, newest_bytes=MANIFEST.bytes, storage_free=100),
            "no space in file:///store/production: about 0 MiB are needed and 0 MiB are free",
        ),
    ],
)
def test_a_push_that_could_not_succeed_is_refused(facts: PushFacts, message: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        driver(PUSH.database).refuse(PUSH, Request(NOW), facts)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            replace(PULL_FACTS, server=replace(SERVER, createdb=False)),
            (
                "role 'envsync' may not create databases on staging-postgres, and what is restored "
                'needs one of its own: ALTER ROLE "envsync" CREATEDB; drills and cleaning can have a '
                "server with 'scratch: true' instead"
            ),
        ),
        (
            replace(PULL_FACTS, server=replace(SERVER, roles=frozenset())),
            (
                "role 'publishing_api', the owner of publishing_api (staging), does not exist on "
                "staging-postgres; create it, or correct owner: in the inventory"
            ),
        ),
        (
            replace(PULL_FACTS, server=replace(SERVER, member_of=frozenset())),
            (
                "role 'envsync' is no member of 'publishing_api', the owner of publishing_api "
                '(staging), on staging-postgres: GRANT "publishing_api" TO "envsync"'
            ),
        ),
        (
            replace(PULL_FACTS, live=replace(LIVE, owner="postgres")),
            (
                "the live database 'publishing_api_production' belongs to 'postgres', and 'envsync' is "
                'no member of it and so cannot rename it: ALTER DATABASE "publishing_api_production" '
                'OWNER TO "publishing_api"'
            ),
        ),
        (
            manifest(environment="integration"),
            (
                "the artefact of 2026-11-20T02:40:00Z under 'postgresql' in file:///store/production "
                "says it holds publishing_api ('publishing_api_production') of integration, not "
                "publishing_api ('publishing_api_production') of production; correct path: or storage:"
            ),
        ),
        (
            manifest(server_version="16.4", client_version="16.4"),
            (
                "a dump of PostgreSQL 16 does not fit the older target server, PostgreSQL 15; upgrade "
                "the target to 16 first"
            ),
        ),
        (
            manifest(client_version="17.2"),
            (
                "no pg_restore here fits a dump by pg_dump 17 and a PostgreSQL 15 server (found 15.18 "
                "in /usr/lib/postgresql/15/bin, 18.6 in /opt/18/bin); install postgresql-client-17, or "
                "name its folder under clients: in the inventory"
            ),
        ),
        (
            replace(PULL_FACTS, server=replace(SERVER, free_bytes=2**20)),
            (
                "no space on staging-postgres beside the live database: about 1 MiB are needed and "
                "1 MiB are free"
            ),
        ),
    ],
)
def test_a_pull_that_could_not_succeed_is_refused(facts: PullFacts, message: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        driver(PULL.database).refuse(PULL, Request(NOW), facts)
    assert str(refusal.value) == message


def test_the_newest_artefact_is_refused_once_it_is_too_old() -> None:
    with pytest.raises(RefusedError, match="40 h old, and max_age is 36 h; push it again"):
        driver(PULL.database).refuse(PULL, Request(LATER), PULL_FACTS)


def test_an_artefact_of_a_time_yet_to_come_is_refused() -> None:
    early = Stamp(NOW.moment - timedelta(hours=1))
    facts = replace(PULL_FACTS, manifest=MANIFEST.model_copy(update={"stamp": str(NOW)}))
    with pytest.raises(RefusedError, match="which is yet to come; correct the clock"):
        driver(PULL.database).refuse(PULL, Request(early), facts)


def test_an_old_artefact_that_was_asked_for_is_not_refused() -> None:
    driver(PULL.database).refuse(PULL, Request(LATER, timestamp="2026-11-20"), PULL_FACTS)


def test_a_standby_has_nothing_to_do() -> None:
    standby = replace(PUSH_FACTS, server=replace(SERVER, standby=True))
    assert driver(PUSH.database).idle(standby) == "the server is a standby"

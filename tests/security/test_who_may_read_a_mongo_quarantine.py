"""Users of MongoDB whose roles cover the quarantine: a pull is refused before one can read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.mongo_site import OLD, PEOPLE, MongoSite
from tests.live.mongo_site import mongo_site as temporary_mongo_site
from tests.servers.mongod import Mongo

pytestmark = pytest.mark.live

MONITOR = ("clusterMonitor", "admin")
READER = ("readAnyDatabase", "admin")


@pytest.fixture
def pushed(tmp_path: Path, mongo: Mongo) -> Iterator[MongoSite]:
    with temporary_mongo_site(tmp_path, mongo) as made:
        ran = made.run("push", "app", "--env", "production")
        assert ran.code == 0, ran.err
        yield made


@contextmanager
def user(site: MongoSite, *roles: tuple[str, str]) -> Iterator[str]:
    """Have a user on integration's server for the length of a block."""
    name = site.integration.user(f"{site.target}:exporter", *roles)
    try:
        yield name
    finally:
        with site.integration.client() as client:
            client.admin.command({"dropUser": name})


def test_a_monitoring_user_that_may_read_any_database_is_refused_as_any_other(
    pushed: MongoSite,
) -> None:
    with user(pushed, MONITOR, READER) as name:
        ran = pushed.run("pull", "app")
    assert (ran.code, f"{name}@admin may read" in ran.err) == (2, True), ran.err
    assert (pushed.people(), pushed.databases()) == (OLD, {"live"})


def test_a_role_that_is_made_of_monitoring_and_reading_is_refused(pushed: MongoSite) -> None:
    role = f"{pushed.target}:exporting"
    with pushed.integration.client() as client:
        inherited = [{"role": name, "db": database} for name, database in (MONITOR, READER)]
        client.admin.command({"createRole": role, "privileges": [], "roles": inherited})
        try:
            with user(pushed, (role, "admin")) as name:
                ran = pushed.run("pull", "app")
        finally:
            client.admin.command({"dropRole": role})
    assert (ran.code, f"{name}@admin may read" in ran.err) == (2, True), ran.err
    assert pushed.people() == OLD


@pytest.mark.parametrize("roles", [(MONITOR,), (MONITOR, READER, ("backup", "admin"))])
def test_who_only_monitors_or_is_an_operator_stops_no_pull(
    pushed: MongoSite, roles: tuple[tuple[str, str], ...]
) -> None:
    with user(pushed, *roles):
        ran = pushed.run("pull", "app")
    assert (ran.code, len(pushed.people())) == (0, PEOPLE), ran.err

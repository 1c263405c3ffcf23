"""F14: a step meets a standby: skipped, in order, with the reason; done once it is none any more."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.failures.aftermath import Serves, assert_aftermath, assert_nothing_left, last_run
from tests.failures.mysql_scene import mysql_scene
from tests.failures.postgresql_scene import postgresql_scene
from tests.servers.mariadb import PASSWORD, Mariadb, MariadbServer, running_server
from tests.servers.postgresql import PostgresqlServer, own_servers, standby_of
from tests.servers.waiting import PATIENCE, until

pytestmark = pytest.mark.live

PUSH = ("push", "app", "--env", "production")
PULL = ("pull", "app")


def test_a_standby_is_neither_dumped_nor_restored_into_and_that_is_in_order(tmp_path: Path) -> None:
    with (
        own_servers("production", "integration") as (production, integration),
        standby_of(production) as source,
        standby_of(integration) as target,
        postgresql_scene(tmp_path, production, integration) as scene,
    ):
        assert scene.run(*PUSH).code == 0
        old = scene.served()
        await_standby(source, production)
        await_standby(target, integration)
        scene.through(source.port, target.port)
        for request in (PUSH, PULL, ("sync", "app")):
            ended = scene.run(*request)
            assert (ended.code, "the server is a standby" in ended.err) == (0, True), ended.err
            assert {entry.healthy for entry in last_run(scene)} == {True}
            assert scene.served() == old
            assert_nothing_left(scene)
        target.promote()
        scene.through(production.port, target.port)
        scene.site.integration = target
        assert_aftermath(scene, scene.run("sync", "app"), None, Serves.FRESH)


def await_standby(standby: PostgresqlServer, primary: PostgresqlServer) -> None:
    """Wait until a standby has all that its primary has now."""
    ((place,),) = primary.run("SELECT pg_current_wal_lsn()")
    has_it = f"SELECT pg_last_wal_replay_lsn() >= '{place}'"
    until(lambda: standby.run(has_it) == [(True,)], "the standby to catch up")


@contextmanager
def replica_of(primary: MariadbServer, folder: Path) -> Iterator[MariadbServer]:
    """Start a server that replicates everything from another."""
    account = primary.account("replica", "REPLICATION SLAVE ON *.*")
    with running_server("replica", folder) as server:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {primary.port}, "
                f"MASTER_USER = '{account}', MASTER_PASSWORD = %s, MASTER_USE_GTID = slave_pos",
                (PASSWORD,),
            )
            cursor.execute("START SLAVE")
        yield server


def test_a_replica_is_neither_dumped_nor_restored_into_and_that_is_in_order(
    tmp_path: Path,
) -> None:
    with (
        running_server("one", tmp_path) as production,
        running_server("two", tmp_path) as integration,
        replica_of(integration, tmp_path) as replica,
        mysql_scene(tmp_path, Mariadb(production, integration)) as scene,
    ):
        assert scene.run(*PUSH).code == 0
        old = scene.served()
        ((place,),) = integration.run("SELECT @@gtid_binlog_pos")
        assert replica.run(f"SELECT MASTER_GTID_WAIT('{place}', {PATIENCE})") == [(0,)]
        scene.through(production.port, replica.port)
        ended = scene.run(*PULL)
        assert (ended.code, "the server is a replica" in ended.err) == (0, True), ended.err
        assert {entry.healthy for entry in last_run(scene)} == {True}
        assert scene.served() == old
        scene.through(production.port, integration.port)
        assert_aftermath(scene, scene.run("sync", "app"), None, Serves.FRESH)

"""Scenes whose servers are reached through gates, so that their steps can be stopped anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.failures.mongo_scene import MongoScene, mongo_scene
from tests.failures.mysql_scene import MysqlScene, mysql_scene
from tests.failures.postgresql_scene import PostgresqlScene, postgresql_scene
from tests.failures.search_scene import SearchScene, search_scene
from tests.failures.stages import Steps
from tests.servers import wire
from tests.servers.gate import gate
from tests.servers.mariadb import Mariadb
from tests.servers.mongod import Mongod
from tests.servers.opensearch import SearchClusters
from tests.servers.postgresql import Postgresql
from tests.servers.s3 import S3Server


@contextmanager
def gated_mongo(
    folder: Path, production: Mongod, integration: Mongod
) -> Iterator[Steps[MongoScene]]:
    """Make a scene on two servers, each behind a gate."""
    with mongo_scene(folder, production, integration) as scene:
        steps = Steps(scene, folder / "log")
        with (
            gate(steps.gates, production.port, wire.Mongo) as first,
            gate(steps.gates, integration.port, wire.Mongo) as second,
        ):
            scene.through(first, second)
            yield steps


@contextmanager
def gated_search(folder: Path, clusters: SearchClusters) -> Iterator[Steps[SearchScene]]:
    """Make a scene on two clusters, each behind a gate."""
    scene = search_scene(folder, clusters)
    steps = Steps(scene, folder / "log")
    with (
        gate(steps.gates, clusters.production.port, wire.Http) as first,
        gate(steps.gates, clusters.integration.port, wire.Http) as second,
    ):
        scene.through(first, second)
        yield steps


@contextmanager
def gated_postgresql(
    folder: Path, servers: Postgresql, s3: S3Server | None = None
) -> Iterator[Steps[PostgresqlScene]]:
    """Make a scene on PostgreSQL, and on S3 if asked for, behind gates; a sync has gone well."""
    with postgresql_scene(folder, servers.production, servers.integration) as scene:
        steps = Steps(scene, folder / "log")
        with _gated(steps, wire.Postgresql, servers, s3):
            yield steps


@contextmanager
def gated_mysql(
    folder: Path, servers: Mariadb, s3: S3Server | None = None
) -> Iterator[Steps[MysqlScene]]:
    """Make a scene on MariaDB, and on S3 if asked for, behind gates; a sync has gone well."""
    with mysql_scene(folder, servers) as scene:
        steps = Steps(scene, folder / "log")
        with _gated(steps, wire.Mysql, servers, s3):
            yield steps


@contextmanager
def _gated(
    steps: Steps[PostgresqlScene] | Steps[MysqlScene],
    reader: wire.MakeReader,
    servers: Postgresql | Mariadb,
    s3: S3Server | None,
) -> Iterator[None]:
    with (
        gate(steps.gates, servers.production.port, reader) as production,
        gate(steps.gates, servers.integration.port, reader) as integration,
        gate(steps.gates, s3.port if s3 else 0, wire.Http) as storage,
    ):
        steps.scene.through(production, integration)
        if s3:
            steps.scene.store_in(s3, s3.at(storage))
        # Twice, so that there are a previous database and one to be discarded.
        for _ in range(2):
            ran = steps.scene.run("sync", "app")
            assert ran.code == 0, ran.err
        yield

"""The scenes that tests of failures start from; what they made goes with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.mongo_scene import MongoScene
from tests.failures.mongo_scene import mongo_scene as temporary_mongo_scene
from tests.failures.mysql_scene import MysqlScene, mysql_scene
from tests.failures.postgresql_scene import PostgresqlScene, postgresql_scene
from tests.failures.search_scene import SearchScene
from tests.failures.search_scene import search_scene as made_search_scene
from tests.servers.mariadb import Mariadb
from tests.servers.mongod import Mongo
from tests.servers.opensearch import SearchClusters
from tests.servers.postgresql import Postgresql


@pytest.fixture
def mysql(tmp_path: Path, mariadb: Mariadb) -> Iterator[MysqlScene]:
    with mysql_scene(tmp_path, mariadb) as made:
        yield made


@pytest.fixture
def scene(tmp_path: Path, postgresql: Postgresql) -> Iterator[PostgresqlScene]:
    with postgresql_scene(tmp_path, postgresql.production, postgresql.integration) as made:
        yield made


@pytest.fixture
def mongo_scene(tmp_path: Path, mongo: Mongo) -> Iterator[MongoScene]:
    with temporary_mongo_scene(tmp_path, mongo.primary, mongo.alone) as made:
        yield made


@pytest.fixture
def search_scene(tmp_path: Path, opensearch: SearchClusters) -> SearchScene:
    return made_search_scene(tmp_path, opensearch)

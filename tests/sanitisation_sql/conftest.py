"""Databases to sanitise: empty ones with the schemas of the shipped inventory, owned by a plain role."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection

from benchmarks import servers
from tests.sanitisation_sql.scripts import SCHEMAS


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.PostgresServer]:
    folder = tmp_path_factory.mktemp("sanitisation")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    with servers.postgres(folder / "server") as running:
        running.execute("postgres", "CREATE ROLE plain LOGIN")
        yield running


@pytest.fixture
def connection(server: servers.PostgresServer) -> Iterator[Connection]:
    """Connect to an empty database as its owner, who is no superuser."""
    server.execute(
        "postgres", "DROP DATABASE IF EXISTS copy WITH (FORCE)", "CREATE DATABASE copy OWNER plain"
    )
    with psycopg.connect(
        host="127.0.0.1", port=server.port, user="plain", dbname="copy", autocommit=True
    ) as connection:
        yield connection


@pytest.fixture
def publishing_api(connection: Connection) -> Connection:
    for schema in ("publishing_api_tables.sql", "publishing_api_keys.sql"):
        connection.execute((SCHEMAS / schema).read_bytes())
    return connection


@pytest.fixture
def email_alert_api(connection: Connection) -> Connection:
    connection.execute((SCHEMAS / "email_alert_api.sql").read_bytes())
    return connection

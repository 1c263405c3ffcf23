"""Databases to sanitise: empty ones with the schemas of the shipped inventory, owned by a plain role."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection

from envsync.commands.postgresql_text import conninfo
from tests.sanitisation_sql.scripts import SCHEMAS
from tests.servers.postgresql import PASSWORD, Postgresql


@pytest.fixture
def connection(postgresql: Postgresql) -> Iterator[Connection]:
    """Connect to an empty database as its owner, who is no superuser."""
    server = postgresql.integration
    role = server.role("plain")
    target = server.target(server.database("copy", owner=role), role)
    with psycopg.connect(
        conninfo(target.endpoint, target.database), password=PASSWORD, autocommit=True
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

"""Databases that several tests of restoring start from."""

import pytest

from tests.gateways.postgresql.specimen import EVERYTHING, EXTENSIONS, archived
from tests.servers.postgresql import Postgresql

LARGE = """
CREATE TABLE before (id integer PRIMARY KEY);
INSERT INTO before SELECT generate_series(1, 10);
CREATE TABLE large (id integer PRIMARY KEY, name text UNIQUE, body text);
INSERT INTO large
SELECT i, 'Name ' || i, repeat(md5(i::text) || '\\', 1 + i % 9) FROM generate_series(1, 40000) i;
CREATE INDEX ON large (body);
CREATE TABLE wide (id integer PRIMARY KEY, body text, raw bytea);
INSERT INTO wide SELECT i, repeat(E'row\\n', i * 300000), decode(repeat('00ff5c0a', 200000), 'hex')
  FROM generate_series(1, 3) i;
"""


@pytest.fixture(scope="session")
def everything(postgresql: Postgresql) -> str:
    """A database with something of everything, on the production server."""
    name = postgresql.production.database("everything")
    postgresql.production.run(EXTENSIONS + EVERYTHING, name)
    return name


@pytest.fixture(scope="session")
def archive(postgresql: Postgresql, everything: str) -> bytes:
    """What envsync pushes of a database with something of everything."""
    return archived(postgresql.production, everything)


@pytest.fixture(scope="session")
def large(postgresql: Postgresql) -> str:
    """A database with a table of many blocks, and one whose rows are larger than a block."""
    name = postgresql.production.database("large")
    postgresql.production.run(LARGE, name)
    return name


@pytest.fixture(scope="session")
def large_archive(postgresql: Postgresql, large: str) -> bytes:
    """What envsync pushes of a database with large tables and large rows."""
    return archived(postgresql.production, large)


@pytest.fixture(scope="session")
def plain(postgresql: Postgresql) -> str:
    """A database with something of everything but extensions."""
    name = postgresql.production.database("plain")
    postgresql.production.run(EVERYTHING, name)
    return name

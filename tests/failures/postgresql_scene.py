"""A site on PostgreSQL in which faults are injected: what it serves, what is locked, what is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.failures.storages import halves, new_bucket, request_in_general
from tests.live.program import Ran
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.servers.postgresql import Postgresql, PostgresqlServer
from tests.servers.s3 import S3Server

_CLAIMS = """
SELECT 'advisory lock of pid ' || pid FROM pg_locks WHERE locktype = 'advisory' AND granted
"""
_CLOSED = """
SELECT 'no connections to ' || datname FROM pg_database
 WHERE datname LIKE %s AND datname NOT LIKE '%%\\_\\_%%' AND (NOT datallowconn OR datconnlimit = 0)
"""
_SESSIONS = """
SELECT 'session in ' || coalesce(datname, '-') || ': ' || query FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
   AND (application_name = 'envsync' OR usename = %s)
"""


class PostgresqlScene:
    """Production and integration; each run that goes well can be told from the one before."""

    key = "app"

    def __init__(self, site: Site) -> None:
        self.site = site
        self.number = 0
        self.s3: S3Server | None = None
        self.bucket = ""
        self._changes: dict[str, dict[str, Any]] = {"production": {}, "integration": {}}
        (site.folder / "temporary").mkdir()
        site.environment["TMPDIR"] = str(site.folder / "temporary")
        self.next_run()

    @property
    def folder(self) -> Path:
        return self.site.folder

    @property
    def marks(self) -> tuple[str, ...]:
        return (self.site.target, self.site.source)

    def run(self, *arguments: str) -> Ran:
        return self.site.run(*arguments)

    @property
    def environment(self) -> dict[str, str]:
        return self.site.environment

    def through(self, production: int, integration: int) -> None:
        """Have the servers reached on other ports than their own."""
        self.change("production", "servers.postgres.port", production)
        self.change("integration", "servers.postgres.port", integration)

    def change(self, environment: str, path: str, value: object) -> None:
        """Have an inventory say something else, besides what has been changed before."""
        self._changes[environment][path] = value
        self.site.write(**self._changes)

    def store_in(self, server: S3Server, reached: S3Server) -> None:
        """Have artefacts lie in a new bucket, reached in another way than by the tests."""
        self.site.storage = new_bucket(server, reached)
        self.s3, self.bucket = server, self.site.storage["bucket"]
        self.site.environment |= server.environment
        self.site.write(**self._changes)

    def whom(self, question: str) -> tuple[str, str]:
        """Return the database without its name, or the storage, and what is asked of it."""
        if request := request_in_general(question):
            return "storage", request
        database, _, statement = question.partition(": ")
        return database.removeprefix(self.site.target) or "live", statement

    def next_run(self, before: str = "") -> None:
        """Have the runs to come leave another mark in the data; `before` goes before the script."""
        self.number += 1
        self.site.script(
            f"{before}UPDATE people SET email = 'person-' || id || '@example.com', "
            f"town = 'Run {self.number}';\n"
        )

    def served(self) -> list[Any]:
        """Return who lives in the live database, read as the application's own role."""
        query = "SELECT id, email, town FROM public.people ORDER BY id"
        return self.site.integration.run(query, self.site.target, self.site.owner)

    def fresh(self) -> list[Any]:
        return [(n, f"person-{n}@example.com", f"Run {self.number}") for n in range(1, 501)]

    def locked(self) -> list[str]:
        found = []
        for server in (self.site.production, self.site.integration):
            found += [each for (each,) in server.run(_CLAIMS)]
            found += [each for (each,) in server.ask(_CLOSED, (f"{self.site.target}%",))]
        return found

    def left(self) -> list[str]:
        kept = {"live", "__previous"}
        found = [f"database {each}" for each in sorted(self.site.databases() - kept)]
        for server in (self.site.production, self.site.integration):
            found += [each for (each,) in server.ask(_SESSIONS, (self.site.admin,))]
        return [*found, *halves(self.s3, self.bucket, self.folder)]


@contextmanager
def postgresql_scene(
    folder: Path, production: PostgresqlServer, integration: PostgresqlServer
) -> Iterator[PostgresqlScene]:
    """Make a scene on two servers, dropped from them at its end."""
    with temporary_site(folder, Postgresql(production, integration)) as site:
        yield PostgresqlScene(site)

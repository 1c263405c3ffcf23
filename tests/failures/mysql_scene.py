"""A site on MariaDB in which faults are injected: what it serves, what is locked, what is left."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.failures.storages import halves, new_bucket, request_in_general
from tests.live.mysql_site import MysqlSite, mysql_site
from tests.live.program import Ran
from tests.servers.mariadb import Mariadb
from tests.servers.s3 import S3Server


class MysqlScene:
    """Production and integration; each run that goes well can be told from the one before."""

    key = "app"

    def __init__(self, site: MysqlSite) -> None:
        self.site = site
        self.number = 0
        self.s3: S3Server | None = None
        self.bucket = ""
        self._changes: dict[str, dict[str, Any]] = {"production": {}, "integration": {}}
        self._reader = site.integration.account("reader", f"SELECT ON `{site.target}`.*")
        (site.folder / "temporary").mkdir()
        site.environment["TMPDIR"] = str(site.folder / "temporary")
        self.next_run()

    @property
    def folder(self) -> Path:
        return self.site.folder

    @property
    def marks(self) -> tuple[str, ...]:
        return (self.site.target, self.site.source)

    @property
    def environment(self) -> dict[str, str]:
        return self.site.environment

    def run(self, *arguments: str) -> Ran:
        return self.site.run(*arguments)

    def through(self, production: int, integration: int) -> None:
        """Have the servers reached on other ports than their own."""
        self.change("production", "servers.mysql.port", production)
        self.change("integration", "servers.mysql.port", integration)

    def change(self, environment: str, path: str, value: object) -> None:
        """Have an inventory say something else, besides what has been changed before."""
        self._changes[environment][path] = value
        self.site.write(**self._changes)

    def store_in(self, server: S3Server, reached: S3Server) -> None:
        """Have artefacts lie in a new bucket, reached in another way than by the tests."""
        storage = new_bucket(server, reached)
        self.s3, self.bucket = server, storage["bucket"]
        for changes in self._changes.values():
            changes["storage"] = storage
        self.site.environment |= server.environment
        self.site.write(**self._changes)

    def whom(self, question: str) -> tuple[str, str]:
        """Return the server, or the storage, and what is asked of it."""
        request = request_in_general(question)
        return ("storage", request) if request else ("server", question)

    def next_run(self, before: str = "") -> None:
        """Have the runs to come leave another mark in the data; `before` goes before the script."""
        self.number += 1
        self.site.script(
            f"{before}UPDATE people SET email = concat('person-', id, '@example.com'), "
            f"town = 'Run {self.number}';\n"
        )

    def served(self) -> list[Any]:
        """Return who lives in the live schema, read by an account of an application's."""
        query = "SELECT id, email, town FROM people ORDER BY id"
        return self.site.integration.run(query, self.site.target, self._reader)

    def fresh(self) -> list[Any]:
        return [(n, f"person-{n}@example.com", f"Run {self.number}") for n in range(1, 501)]

    def locked(self) -> list[str]:
        name = "envsync." + hashlib.sha256(self.site.target.encode()).hexdigest()[:40]
        ((holder,),) = self.site.integration.run(f"SELECT IS_USED_LOCK('{name}')")
        return [f"claim of session {holder}"] if holder else []

    def left(self) -> list[str]:
        found = [f"schema {each}" for each in self.site.schemas() - {"live", "__previous"}]
        for name, server in (
            ("production", self.site.production),
            ("integration", self.site.integration),
        ):
            query = (
                "SELECT CONCAT('session ', ID, ': ', COALESCE(INFO, '-')) "
                f"FROM information_schema.PROCESSLIST WHERE USER = '{self.site.accounts[name]}'"
            )
            found += [each for (each,) in server.run(query)]
        return [*found, *halves(self.s3, self.bucket, self.folder)]


@contextmanager
def mysql_scene(folder: Path, servers: Mariadb) -> Iterator[MysqlScene]:
    """Make a scene on two servers, dropped from them at its end."""
    with mysql_site(folder, servers) as site:
        yield MysqlScene(site)

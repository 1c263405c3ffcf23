"""A site for one test: production and integration on real servers, and envsync on top of them."""

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import yaml

from envsync.columns import written
from tests.live import program
from tests.live.deciding import Decisions
from tests.live.program import Ran
from tests.servers.postgresql import Postgresql, PostgresqlServer

PEOPLE = """
CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL, town text);
CREATE TABLE notes (id int PRIMARY KEY, person_id int REFERENCES people, body text);
INSERT INTO people SELECT n, 'person' || n || '@private.example', 'Town ' || n
  FROM generate_series(1, 500) n;
INSERT INTO notes SELECT n, n, repeat('note ', 40) || n FROM generate_series(1, 500) n;
CREATE INDEX people_town ON people (town);
"""
YESTERDAY = """
CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL, town text);
INSERT INTO people VALUES (1, 'yesterday@example.com', 'Yesterday');
"""
SCRIPT = "UPDATE people SET email = 'person-' || id || '@example.com';\n"
CHECKS = "SELECT id FROM people WHERE email NOT LIKE '%@example.com';\n"
_COLUMNS = """
SELECT CASE nspname WHEN 'public' THEN '' ELSE nspname END, relname, coalesce(attname, ''),
       format_type(atttypid, atttypmod)
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  LEFT JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
 WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema')
"""


@dataclass(slots=True)
class Site:
    """Two environments, with one database that holds personal data in production.

    In integration the program works as a role that is no superuser, as on managed servers.
    """

    folder: Path
    production: PostgresqlServer
    integration: PostgresqlServer
    source: str
    target: str
    owner: str
    admin: str
    storage: dict[str, Any]
    environment: dict[str, str]
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
        self.decisions = Decisions(self.folder / "sanitisation_sql")

    def inventory(self, name: str) -> dict[str, Any]:
        """Return one environment's inventory, as it would be written."""
        is_production = name == "production"
        server = self.production if is_production else self.integration
        storage = {**self.storage}
        if storage["backend"] == "file":
            storage["directory"] = f"{storage['directory']}/{name}"
        return {
            "environment": name,
            "protected": is_production,
            "storage": storage,
            "servers": {
                "postgres": {
                    "dbms": "postgresql",
                    "host": "127.0.0.1",
                    "port": server.port,
                    "user": "postgres" if is_production else self.admin,
                    "password": {"file": str(server.folder / "password")},
                    "tls": "disable",
                    "machine": "db_admin",
                }
            },
            "databases": {
                "app": {
                    "server": "postgres",
                    "name": self.source if is_production else self.target,
                    "path": "postgresql-backend",
                    **({} if is_production else {"owner": self.owner}),
                }
            },
            **(
                {}
                if is_production
                else {"syncs": {"app": {"from": "production", "sanitise": "clean.sql"}}}
            ),
        }

    def write(self, **inventories: Mapping[str, Any]) -> None:
        """Write the inventories, each changed where a test says so, as `integration={...}`.

        A change replaces what stands at its dotted path; None takes it away.
        """
        (self.folder / "inventories").mkdir(exist_ok=True)
        for name in ("production", "integration"):
            text = self.inventory(name)
            for path, value in inventories.get(name, {}).items():
                change(text, path.split("."), value)
            file = self.folder / "inventories" / f"{name}.yaml"
            file.write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True))

    def script(self, text: str = SCRIPT, checks: str | None = CHECKS) -> None:
        """Write the sanitisation script and its checks."""
        folder = self.folder / "sanitisation_sql"
        folder.mkdir(exist_ok=True)
        (folder / "clean.sql").write_text(text)
        (folder / "clean.checks.sql").unlink(missing_ok=True)
        if checks is not None:
            (folder / "clean.checks.sql").write_text(checks)

    def decide(self) -> None:
        """Keep all columns that production has, unless a test has decided for itself."""
        with suppress(psycopg.Error):
            found = self.production.run(_COLUMNS, self.source)
            self.decisions.keep(
                (written(*filter(None, (schema, table))), written(column), str(kind))
                for schema, table, column, kind in found
            )
        self.decisions.write()

    def run(self, *arguments: str) -> Ran:
        """Run the program to its end, with everything decided that it has to know."""
        self.decide()
        return program.run(self.folder, self.environment, *arguments)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the program and leave it running, with everything decided that it has to know."""
        self.decide()
        return program.start(self.folder, self.environment, *arguments)

    def argv(self, *arguments: str) -> tuple[str, ...]:
        """Return what starts the program, with everything decided that it has to know."""
        self.decide()
        return program.argv(*arguments)

    def people(self) -> list[Any]:
        """Return who lives in integration's live database."""
        return self.integration.run("SELECT id, email, town FROM people ORDER BY id", self.target)

    def databases(self) -> set[str]:
        """Return the databases of integration that belong to this site, by what they are."""
        found = self.integration.run("SELECT datname FROM pg_database")
        return {
            name.removeprefix(self.target) or "live"
            for (name,) in found
            if name.startswith(self.target)
        }

    def artefacts(self) -> list[str]:
        """Return what lies in production's file storage."""
        root = self.folder / "artefacts" / "production"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the newest artefact in production's file storage."""
        root = self.folder / "artefacts" / "production"
        newest = max(root.rglob("*.manifest.json"))
        loaded = json.loads(newest.read_text())
        return dict(loaded)


def change(text: dict[str, Any], path: list[str], value: object) -> None:
    *parents, last = path
    for part in parents:
        text = text.setdefault(part, {})
    if value is None:
        text.pop(last, None)
    else:
        text[last] = value


def make_site(folder: Path, postgresql: Postgresql, storage: dict[str, Any] | None = None) -> Site:
    """Make a site with yesterday's data in integration and today's in production."""
    production, integration = postgresql.production, postgresql.integration
    name = f"app_{uuid4().hex[:8]}"
    owner = integration.role("app")
    admin = integration.role("envsync", "CREATEDB", member_of=[owner])
    for server, belongs in ((production, "postgres"), (integration, owner)):
        server.run(f'CREATE DATABASE "{name}" OWNER "{belongs}"')
    production.run(PEOPLE, name)
    integration.run(YESTERDAY, name, owner)
    for environment in ("production", "integration"):
        (folder / "artefacts" / environment).mkdir(parents=True)
    site = Site(
        folder,
        production,
        integration,
        name,
        name,
        owner,
        admin,
        storage or {"backend": "file", "directory": str(folder / "artefacts")},
        {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ENVSYNC_INVENTORY": str(folder / "inventories"),
            "ENVSYNC_STATE": str(folder / "state"),
        },
    )
    site.write()
    site.script()
    return site

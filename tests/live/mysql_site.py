"""A site for one test on MariaDB: production and integration, and envsync on top of them."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymysql
import yaml

from envsync.columns import written
from tests.live import program
from tests.live.deciding import Decisions
from tests.live.program import Ran
from tests.live.site import change
from tests.servers.mariadb import Mariadb, MariadbServer

PEOPLE = """
CREATE TABLE people (id int PRIMARY KEY, email varchar(100) NOT NULL, town text, KEY (email));
CREATE TABLE notes (id int PRIMARY KEY, person_id int, body text,
  CONSTRAINT notes_person FOREIGN KEY (person_id) REFERENCES people (id));
INSERT INTO people SELECT seq, concat('person', seq, '@private.example'), concat('Town ', seq)
  FROM seq_1_to_500;
INSERT INTO notes SELECT seq, seq, concat(repeat('note ', 40), seq) FROM seq_1_to_500;
CREATE VIEW towns AS SELECT DISTINCT town FROM people;
CREATE TRIGGER people_lower BEFORE INSERT ON people FOR EACH ROW SET NEW.email = lower(NEW.email);
CREATE FUNCTION answer() RETURNS int DETERMINISTIC RETURN 42;
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM notes WHERE id < 0;
"""
YESTERDAY = """
CREATE TABLE people (id int PRIMARY KEY, email varchar(100) NOT NULL, town text);
INSERT INTO people VALUES (1, 'yesterday@example.com', 'Yesterday');
CREATE VIEW towns AS SELECT town FROM people;
CREATE FUNCTION answer() RETURNS int DETERMINISTIC RETURN 41;
CREATE TRIGGER people_upper BEFORE INSERT ON people FOR EACH ROW SET NEW.email = upper(NEW.email);
"""
SCRIPT = "UPDATE people SET email = concat('person-', id, '@example.com');\n"
CHECKS = "SELECT id FROM people WHERE email NOT LIKE '%@example.com';\n"
OLD = ((1, "yesterday@example.com", "Yesterday"),)
SANITISED = tuple((n, f"person-{n}@example.com", f"Town {n}") for n in range(1, 501))
_COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = '{}'
"""
_WIDTH = re.compile(r"\b((?!tinyint\(1\))(?:tiny|small|medium|big)?int|year)\(\d+\)")
# What a managed service gives its administrator, less what is not needed; no SUPER.
SOURCE = "SELECT, SHOW VIEW, TRIGGER, EVENT"
WHOLE_SERVER = "PROCESS, SET USER, CONNECTION ADMIN, SLAVE MONITOR"


@dataclass(slots=True)
class MysqlSite:
    """Two environments, with one database that holds personal data in production."""

    folder: Path
    production: MariadbServer
    integration: MariadbServer
    source: str
    target: str
    accounts: dict[str, str]
    environment: dict[str, str]
    decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
        self.decisions = Decisions(self.folder / "sanitisation_sql")

    def inventory(self, name: str) -> dict[str, Any]:
        """Return one environment's inventory, as it would be written."""
        is_production = name == "production"
        server = self.production if is_production else self.integration
        return {
            "environment": name,
            "protected": is_production,
            "storage": {"backend": "file", "directory": str(self.folder / "artefacts" / name)},
            "servers": {
                "mysql": {
                    "dbms": "mysql",
                    "host": "127.0.0.1",
                    "port": server.port,
                    "user": self.accounts[name],
                    "password": {"file": str(server.folder / "password")},
                    "tls": "disable",
                    "machine": "db_admin",
                }
            },
            "databases": {
                "app": {
                    "server": "mysql",
                    "name": self.source if is_production else self.target,
                    "path": "mysql-backend",
                }
            },
            **(
                {}
                if is_production
                else {"syncs": {"app": {"from": "production", "sanitise": "clean.sql"}}}
            ),
        }

    def write(self, **inventories: Mapping[str, Any]) -> None:
        """Write the inventories, each changed where a test says so, as `integration={...}`."""
        (self.folder / "inventories").mkdir(exist_ok=True)
        for name in ("production", "integration"):
            text = self.inventory(name)
            for path, value in inventories.get(name, {}).items():
                change(text, path.split("."), value)
            file = self.folder / "inventories" / f"{name}.yaml"
            file.write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True))

    def script(self, text: str = SCRIPT, checks: str = CHECKS) -> None:
        """Write the sanitisation script and its checks."""
        folder = self.folder / "sanitisation_sql"
        folder.mkdir(exist_ok=True)
        (folder / "clean.sql").write_text(text)
        (folder / "clean.checks.sql").write_text(checks)

    def run(self, *arguments: str) -> Ran:
        """Run the program to its end, with everything decided that it has to know."""
        self.decide()
        return program.run(self.folder, self.environment, *arguments)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the program and leave it running, with everything decided that it has to know."""
        self.decide()
        return program.start(self.folder, self.environment, *arguments)

    def decide(self) -> None:
        """Keep all columns that production has, unless a test has decided for itself."""
        with suppress(pymysql.Error):
            found = self.production.run(_COLUMNS.format(self.source.replace("'", "''")))
            self.decisions.keep(
                (written(table), written(column), _WIDTH.sub(r"\1", kind))
                for table, column, kind in found
            )
        self.decisions.write()

    def people(self) -> tuple[Any, ...]:
        """Return who lives in integration's live schema."""
        return tuple(
            self.integration.run("SELECT id, email, town FROM people ORDER BY id", self.target)
        )

    def schemas(self) -> set[str]:
        """Return the schemas of integration that belong to this site, by what they are."""
        found = self.integration.run("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
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
        return dict(json.loads(max(root.rglob("*.manifest.json")).read_text()))


@contextmanager
def mysql_site(folder: Path, mariadb: Mariadb, name: str | None = None) -> Iterator[MysqlSite]:
    """Make a site with yesterday's data in integration and today's in production."""
    name = name or f"app_{uuid4().hex[:8]}"
    quoted = "`" + name.replace("`", "``") + "`"
    everything = f"`{name.replace('`', '``').replace('_', chr(92) + '_')}%`.*"
    production, integration = mariadb.production, mariadb.integration
    for server, statements in ((production, PEOPLE), (integration, YESTERDAY)):
        server.run(f"CREATE DATABASE {quoted} CHARACTER SET utf8mb4")
        server.run(statements, name)
    accounts = {
        "production": production.account("envsync", f"{SOURCE} ON {quoted}.*", _ROUTINES),
        "integration": integration.account(
            "envsync",
            f"ALL ON {everything}",
            "ALL ON `envsync`.*",
            "SELECT ON mysql.*",
            f"{WHOLE_SERVER} ON *.*",
        ),
    }
    for environment in ("production", "integration"):
        (folder / "artefacts" / environment).mkdir(parents=True)
    site = MysqlSite(
        folder,
        production,
        integration,
        name,
        name,
        accounts,
        {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ENVSYNC_INVENTORY": str(folder / "inventories"),
            "ENVSYNC_STATE": str(folder / "state"),
        },
    )
    site.write()
    site.script()
    try:
        yield site
    finally:
        for server in (production, integration):
            for (found,) in server.run("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"):
                if found.startswith(name):
                    server.run("DROP DATABASE `" + found.replace("`", "``") + "`")


_ROUTINES = "SELECT ON mysql.proc"

"""MariaDB in the soak: two servers, killed and started again now and then."""

import random
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pymysql

from scripts.soaking.processes import restart, serving
from scripts.soaking.rows import Row, Seen
from tests.servers.mariadb import Mariadb, MariadbServer
from tests.servers.waiting import until

CREATE = """
CREATE TABLE people (id int PRIMARY KEY, generation int NOT NULL, email varchar(100) NOT NULL);
CREATE TABLE notes (id int PRIMARY KEY, generation int NOT NULL, email varchar(100) NOT NULL);
"""
SANITISE = """{first}
UPDATE people SET email = concat('person-', id, '@example.com'){where};
UPDATE notes SET email = concat('person-', id, '@example.com');
"""
CHECKS = """
SELECT id FROM people WHERE email NOT LIKE '%@example.com' LIMIT 5;
SELECT id FROM notes WHERE email NOT LIKE '%@example.com' LIMIT 5;
"""
FAULTS = {"failing": "SELECT * FROM nothing_of_that_name;", "slow": "SELECT SLEEP(4);"}
# The tests' servers write their log once a second: what was committed would not survive a kill.
_DURABLE = "SET GLOBAL innodb_flush_log_at_trx_commit = 2"


class MariadbEngine:
    """MariaDB."""

    KIND = "mysql"
    SUFFIX = ".sql"
    COLUMNS = """
people: &all
  id: {keep: int}
  generation: {keep: int}
  email: {sanitised: varchar(100)}
notes: *all
"""

    def __init__(self, servers: Mariadb, chance: random.Random) -> None:
        self._servers = {"production": servers.production, "integration": servers.integration}
        self._chance = chance
        self._accounts: dict[str, str] = {}
        self._app = ""

    @property
    def ports(self) -> Mapping[str, int]:
        return {name: server.port for name, server in self._servers.items()}

    def server(self, environment: str) -> Mapping[str, Any]:
        password = self._servers[environment].folder / "password"
        return {"user": self._accounts[environment], "password": {"file": str(password)}}

    def database(self, name: str) -> Mapping[str, Any]:
        del name
        return {}

    def scripts(self, name: str, fault: str | None) -> Mapping[str, str]:
        del name
        where = " WHERE id > 1" if fault == "leaving" else ""
        text = SANITISE.format(first=FAULTS.get(fault or "", ""), where=where)
        return {".sql": text, ".checks.sql": CHECKS}

    def create(self, names: list[str]) -> None:
        for server in self._servers.values():
            server.run(_DURABLE)
            for name in names:
                server.run(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
                server.run(CREATE, name)
        source = [f"SELECT, SHOW VIEW, TRIGGER, EVENT ON `{name}`.*" for name in names]
        self._accounts = {
            "production": self._servers["production"].account(
                "envsync", *source, "SELECT ON mysql.proc"
            ),
            "integration": self._servers["integration"].account(
                "envsync",
                "ALL ON `soak%`.*",
                "ALL ON `envsync`.*",
                "SELECT ON mysql.*",
                "PROCESS, SET USER, CONNECTION ADMIN, SLAVE MONITOR ON *.*",
            ),
        }
        read = [f"SELECT, LOCK TABLES ON `{name}`.*" for name in names]
        self._app = self._servers["integration"].account("app", *read)

    def fill(self, name: str, rows: list[Row]) -> None:
        self._fill(self._servers["production"], name, rows)

    def begin(self, name: str, rows: list[Row]) -> None:
        """Give integration's database its first rows."""
        self._fill(self._servers["integration"], name, rows)

    def _fill(self, server: MariadbServer, name: str, rows: list[Row]) -> None:
        with server.connect(name) as connection, connection.cursor() as cursor:
            for table in ("people", "notes"):
                cursor.execute("BEGIN")
                cursor.execute(f"DELETE FROM {table}")
                cursor.executemany(f"INSERT INTO {table} VALUES (%s, %s, %s)", rows)
                cursor.execute("COMMIT")

    def held(self, name: str) -> int:
        return int(self._servers["production"].run("SELECT count(*) FROM people", name)[0][0])

    def seen(self, name: str) -> Seen | None:
        with suppress(pymysql.err.OperationalError, pymysql.err.InternalError, OSError):
            return self._read(name)
        return None

    def _read(self, name: str) -> Seen:
        """Read both tables with one statement: two would see a rename between them."""
        server = self._servers["integration"]
        with server.connect(name, self._app) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT 'people', id, generation, email FROM people UNION ALL "
                "SELECT 'notes', id, generation, email FROM notes ORDER BY 1, 2"
            )
            rows = cursor.fetchall()
        people = tuple((row[1], row[2], row[3]) for row in rows if row[0] == "people")
        notes = tuple((row[1], row[2], row[3]) for row in rows if row[0] == "notes")
        return Seen(people, notes)

    def peeked(self, name: str) -> list[Row]:
        with suppress(pymysql.Error, OSError):
            return [*self._read(f"{name}__incoming").people]
        return []

    def left(self, names: list[str]) -> list[str]:
        kept = {f"{name}{suffix}" for name in names for suffix in ("", "__previous")}
        found: list[str] = []
        for environment, server in self._servers.items():
            schemas = server.run("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
            found += [
                f"schema {name}"
                for (name,) in schemas
                if name.startswith("soak") and name not in kept
            ]
            account = self._accounts[environment]
            sessions = server.run("SELECT user FROM information_schema.PROCESSLIST")
            found += [f"session of {user}" for (user,) in sessions if user == account]
        return found

    def disturb(self, environment: str) -> str | None:
        server = self._servers[environment]
        pid = serving(f"--datadir={server.folder / 'data'}")
        if pid is None:
            return None
        restart(pid)
        until(lambda: self._answers(server), "MariaDB to be back", 60)
        server.run(_DURABLE)
        return "killed mariadbd, and started it again"

    def _answers(self, server: MariadbServer) -> bool:
        with suppress(pymysql.Error, OSError):
            return bool(server.run("SELECT 1"))
        return False

    def hold(self, environment: str, name: str, seconds: float) -> bool:
        account = None if environment == "production" else self._app
        with (
            suppress(pymysql.Error, OSError),
            self._servers[environment].connect(name, account) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("LOCK TABLES people READ")
            time.sleep(seconds)
            return True
        return False

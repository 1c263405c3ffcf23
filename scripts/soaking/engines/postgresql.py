"""PostgreSQL in the soak: two clusters, one of whose backends is killed now and then."""

import os
import random
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg

from scripts.soaking.rows import Row, Seen
from tests.servers.postgresql import PASSWORD, Postgresql

CREATE = """
CREATE TABLE people (id int PRIMARY KEY, generation int NOT NULL, email text NOT NULL);
CREATE TABLE notes (id int PRIMARY KEY, generation int NOT NULL, email text NOT NULL);
"""
SANITISE = """{first}
UPDATE people SET email = 'person-' || id || '@example.com'{where};
UPDATE notes SET email = 'person-' || id || '@example.com';
"""
CHECKS = """
SELECT id FROM people WHERE email NOT LIKE '%@example.com' LIMIT 5;
SELECT id FROM notes WHERE email NOT LIKE '%@example.com' LIMIT 5;
"""
FAULTS = {"failing": "SELECT 1 / 0;", "slow": "SELECT pg_sleep(4);"}
SESSIONS = """
SELECT pid FROM pg_stat_activity
 WHERE application_name = 'envsync' AND pid <> pg_backend_pid() AND usename NOT LIKE 'app%'
"""
LEFT = """
SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'soak%' AND datname NOT IN ({})
UNION ALL SELECT 'session of envsync in ' || datname FROM pg_stat_activity
 WHERE application_name = 'envsync' AND pid <> pg_backend_pid()
UNION ALL SELECT 'advisory lock' FROM pg_locks WHERE locktype = 'advisory' AND granted
UNION ALL SELECT 'no connections to ' || datname FROM pg_database
 WHERE datname LIKE 'soak%' AND datname NOT LIKE '%\\_\\_%'
   AND (NOT datallowconn OR datconnlimit = 0)
"""


class PostgresqlEngine:
    """PostgreSQL."""

    KIND = "postgresql"
    SUFFIX = ".sql"
    COLUMNS = """
people: &all
  id: {keep: integer}
  generation: {keep: integer}
  email: {sanitised: text}
notes: *all
"""

    def __init__(self, servers: Postgresql, chance: random.Random) -> None:
        self._servers = {"production": servers.production, "integration": servers.integration}
        self._chance = chance
        self._app = servers.integration.role("app")
        self._admin = servers.integration.role("envsync", "CREATEDB", member_of=[self._app])

    @property
    def ports(self) -> Mapping[str, int]:
        return {name: server.port for name, server in self._servers.items()}

    def server(self, environment: str) -> Mapping[str, Any]:
        user = "postgres" if environment == "production" else self._admin
        password = self._servers[environment].folder / "password"
        return {"user": user, "password": {"file": str(password)}}

    def database(self, name: str) -> Mapping[str, Any]:
        del name
        return {}

    def scripts(self, name: str, fault: str | None) -> Mapping[str, str]:
        del name
        where = " WHERE id > 1" if fault == "leaving" else ""
        text = SANITISE.format(first=FAULTS.get(fault or "", ""), where=where)
        return {".sql": text, ".checks.sql": CHECKS}

    def create(self, names: list[str]) -> None:
        for name in names:
            for environment, server in self._servers.items():
                owner = "postgres" if environment == "production" else self._app
                server.run(f'CREATE DATABASE "{name}" OWNER "{owner}"')
                server.run(CREATE, name, owner)

    def fill(self, name: str, rows: list[Row]) -> None:
        self._fill(self._servers["production"].conninfo(name), rows)

    def begin(self, name: str, rows: list[Row]) -> None:
        """Give integration's database its first rows."""
        self._fill(self._servers["integration"].conninfo(name, self._app), rows)

    def _fill(self, conninfo: str, rows: list[Row]) -> None:
        with psycopg.connect(conninfo, password=PASSWORD) as connection:
            for table in (b"people", b"notes"):
                connection.execute(b"DELETE FROM " + table)
                with connection.cursor() as cursor:
                    cursor.executemany(b"INSERT INTO " + table + b" VALUES (%s, %s, %s)", rows)

    def held(self, name: str) -> int:
        return int(self._servers["production"].run("SELECT count(*) FROM people", name)[0][0])

    def seen(self, name: str) -> Seen | None:
        with suppress(psycopg.OperationalError):
            return self._read(name)
        return None

    def _read(self, name: str) -> Seen:
        where = self._servers["integration"].conninfo(name, self._app)
        with psycopg.connect(where, password=PASSWORD) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            people = connection.execute("SELECT id, generation, email FROM people ORDER BY id")
            rows = tuple(people.fetchall())
            notes = connection.execute("SELECT id, generation, email FROM notes ORDER BY id")
            return Seen(rows, tuple(notes.fetchall()))

    def peeked(self, name: str) -> list[Row]:
        with suppress(psycopg.Error):
            return [*self._read(f"{name}__incoming").people]
        return []

    def left(self, names: list[str]) -> list[str]:
        kept = ", ".join(f"'{name}', '{name}__previous'" for name in names)
        return [
            text for server in self._servers.values() for (text,) in server.run(LEFT.format(kept))
        ]

    def disturb(self, environment: str) -> str | None:
        with suppress(psycopg.Error, ProcessLookupError):
            sessions = self._servers[environment].run(SESSIONS)
            if sessions:
                os.kill(self._chance.choice(sessions)[0], signal.SIGKILL)
                return "killed a backend of PostgreSQL, which restarts"
        return None

    def hold(self, environment: str, name: str, seconds: float) -> bool:
        role = "postgres" if environment == "production" else self._app
        where = self._servers[environment].conninfo(name, role)
        with suppress(psycopg.Error), psycopg.connect(where, password=PASSWORD) as connection:
            connection.execute("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
            time.sleep(seconds)
            return True
        return False

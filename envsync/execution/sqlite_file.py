"""The file of what envsync remembers on this machine: shared by processes, survives their death."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envsync.errors import RefusedError
from envsync.execution.folders import make_private

BUSY_SECONDS = 10.0
"""How long a write waits for another process's."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS step (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  verb TEXT NOT NULL,
  environment TEXT NOT NULL,
  database TEXT NOT NULL,
  source TEXT,
  planned TEXT NOT NULL,
  started TEXT,
  ended TEXT,
  outcome TEXT,
  healthy INTEGER,
  reason TEXT,
  seconds REAL,
  bytes INTEGER,
  rows INTEGER,
  artefact TEXT,
  data_of TEXT,
  warnings TEXT
);
CREATE INDEX IF NOT EXISTS step_by_database ON step (environment, database, verb, id);
CREATE TABLE IF NOT EXISTS undelivered (
  id INTEGER PRIMARY KEY,
  environment TEXT NOT NULL,
  service TEXT NOT NULL,
  code INTEGER NOT NULL,
  message TEXT NOT NULL,
  since TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS hold (
  environment TEXT NOT NULL,
  key TEXT NOT NULL,
  until TEXT NOT NULL,
  because TEXT NOT NULL,
  held_by TEXT NOT NULL,
  since TEXT NOT NULL,
  PRIMARY KEY (environment, key)
);
"""


_WRITABLE = "give ENVSYNC_STATE a folder where the user that runs envsync may write"
_READABLE = "run as the user who writes it, or set ENVSYNC_STATE to another folder"
_DAMAGED = (
    "it is damaged: move it out of that folder, and the next run begins another; lost with it are "
    "the history, the holds, and check results that could not be sent"
)


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """An SQLite file that holds the journal, undelivered check results and holds."""

    path: Path

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; each is short, many processes share the file."""
        try:
            make_private(self.path.parent)
            self.path.touch(mode=0o600)
            connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS)
            try:
                connection.row_factory = sqlite3.Row
                connection.executescript(_SCHEMA)
                with connection:
                    yield connection
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise self._refusal("write", _WRITABLE, error) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open the file to read, which is all it takes; what is not there yet is empty."""
        try:
            # One that was made and not yet written to is empty as well.
            there = self.path.exists() and self.path.stat().st_size > 0
            # Only who may write can take back the half transaction of a process that was killed.
            mode = "rw" if os.access(self.path, os.W_OK) else "ro"
            name = f"{self.path.resolve().as_uri()}?mode={mode}" if there else ":memory:"
            connection = sqlite3.connect(name, uri=there, timeout=BUSY_SECONDS)
            connection.row_factory = sqlite3.Row
            try:
                if not there:
                    connection.executescript(_SCHEMA)
                yield connection
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise self._refusal("read", _READABLE, error) from error

    def verify(self) -> None:
        """Raise RefusedError where any part of the file is damaged, read today or not."""
        with self.reading() as connection:
            ((found,),) = connection.execute("PRAGMA quick_check(1)")
        if found != "ok":
            where = str(found).splitlines()[-1]
            raise RefusedError(f"cannot trust the journal {self.path}: {where}; {_DAMAGED}")

    def _refusal(self, verb: str, permitted: str, error: Exception) -> RefusedError:
        """Say what to do: a folder of another name would lose the locks and holds of this one."""
        code = getattr(error, "sqlite_errorcode", None)
        match None if code is None else code & 0xFF:
            case None | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
                advice = permitted
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                advice = _DAMAGED
            case _:
                advice = "see to its disk, and to who else has it open, and try again"
        return RefusedError(f"cannot {verb} the journal {self.path}: {error}; {advice}")

"""The file of what envsync remembers on this machine: shared by processes, survives their death."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envsync.errors import RefusedError

BUSY_SECONDS = 10.0
"""How long a write waits for another process's."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """An SQLite file and the tables that one of its users keeps in it."""

    path: Path
    schema: str

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; each is short, many processes share the file."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS)
            try:
                connection.row_factory = sqlite3.Row
                connection.executescript(self.schema)
                with connection:
                    yield connection
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise RefusedError(
                f"cannot write the journal {self.path}: {error}; give ENVSYNC_STATE a folder "
                "where the user that runs envsync may write"
            ) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open the file to read, which is all it takes; what is not there yet is empty."""
        try:
            there = self.path.exists()
            # Only who may write can take back the half transaction of a process that was killed.
            mode = "rw" if os.access(self.path, os.W_OK) else "ro"
            name = f"{self.path.resolve().as_uri()}?mode={mode}" if there else ":memory:"
            connection = sqlite3.connect(name, uri=there, timeout=BUSY_SECONDS)
            connection.row_factory = sqlite3.Row
            try:
                if not there:
                    connection.executescript(self.schema)
                yield connection
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise RefusedError(
                f"cannot read the journal {self.path}: {error}; run as the user who writes it, or "
                "set ENVSYNC_STATE to another folder"
            ) from error

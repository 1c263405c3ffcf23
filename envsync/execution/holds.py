"""The holds that this machine knows of, kept beside its journal."""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from envsync.errors import RefusedError
from envsync.execution.sqlite_file import SqliteFile
from envsync.plan.hold import Hold

# A file that an older envsync wrote knows of no holds.
_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'hold'"


@dataclass(frozen=True, slots=True)
class Holds:
    """What is held on this machine; safe to use by several processes at once."""

    path: Path

    def all(self) -> tuple[Hold, ...]:
        """Return every hold, also those past their date, in the order they were made."""
        with self._file.reading() as connection:
            if connection.execute(_THERE).fetchone() is None:
                return ()
            rows = connection.execute("SELECT * FROM hold ORDER BY since, environment, key")
            return tuple(_hold(row) for row in rows)

    def add(self, hold: Hold) -> None:
        """Remember a hold; raises RefusedError where the same is held already."""
        with self._file.writing() as connection:
            there = connection.execute(
                "SELECT * FROM hold WHERE environment = ? AND key = ?", (hold.environment, hold.key)
            ).fetchone()
            if there is not None:
                known = _hold(there)
                raise RefusedError(
                    f"{hold.key} in {hold.environment} is already {known}; to hold it anew, end "
                    f"that one by {known.release}"
                )
            connection.execute(
                "INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?)",
                (
                    hold.environment,
                    hold.key,
                    hold.until.isoformat(),
                    hold.because,
                    hold.by,
                    hold.since.isoformat(),
                ),
            )

    def remove(self, environment: str, key: str) -> Hold:
        """Forget a hold, and return what it was; raises RefusedError where there is none."""
        with self._file.writing() as connection:
            row = connection.execute(
                "DELETE FROM hold WHERE environment = ? AND key = ? RETURNING *", (environment, key)
            ).fetchone()
        if row is None:
            raise RefusedError(
                f"{key} in {environment} is not held; envsync holds lists what is, on this machine"
            )
        return _hold(row)

    @property
    def _file(self) -> SqliteFile:
        return SqliteFile(self.path)


def _hold(row: sqlite3.Row) -> Hold:
    return Hold(
        row["environment"],
        row["key"],
        date.fromisoformat(row["until"]),
        row["because"],
        row["held_by"],
        datetime.fromisoformat(row["since"]),
    )

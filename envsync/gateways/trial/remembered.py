"""What is remembered of rows: for each value a hash under a key of this run, and its mask.

The key is in this process alone, so that nothing can be told from the file. The file has no name
from the moment it is opened: it ends with the process, however that ends.
"""

import hashlib
import os
import secrets
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.gateways.trial.masking import SHORT, folded, masked
from envsync.gateways.trial.rows import Cell, Row, Table

_CELL = struct.Struct("=H8s4sH")
_MOST_MASKS = 2**16 - 1
_MOST_COLUMNS = 2**16
_AT_ONCE = 500
_KEY, _HASH, _FOLD = 16, 8, 4
"""Bytes of the hashes of a key, of a value, and of one without its case and punctuation."""
NO_VALUE = bytes(_HASH)
_CACHE_KIB = 64 * 1024
_TABLES = """
CREATE TABLE row (place INTEGER, key BLOB, cells BLOB);
CREATE TABLE value (
  place INTEGER, number INTEGER, hash BLOB, fold BLOB, before INTEGER, after INTEGER,
  PRIMARY KEY (place, number, hash)
) WITHOUT ROWID;
"""


class Trace(NamedTuple):
    """What is left of a value: a hash, one that knows no case and punctuation, a mask's number."""

    hash: bytes
    fold: bytes
    mask: int

    @property
    def has_value(self) -> bool:
        return self.hash != NO_VALUE


@dataclass(slots=True)
class Place:
    """A table in the file: its number there, its columns by theirs, how many rows it had."""

    number: int
    keyed: bool
    columns: dict[str, int] = field(default_factory=dict)
    rows: int = 0

    def column(self, name: str) -> int:
        """Return a column's number, its own from now on."""
        if name not in self.columns and len(self.columns) == _MOST_COLUMNS:
            raise CommandError(f"more than {_MOST_COLUMNS:,} fields in one table cannot be tried")
        return self.columns.setdefault(name, len(self.columns))


class Remembered:
    """The file, and the key to it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._file = connection
        secret = secrets.token_bytes(32)
        self._hashing = {
            size: hashlib.blake2b(key=secret, digest_size=size) for size in (_KEY, _HASH, _FOLD)
        }
        self._masks: dict[str, int] = {SHORT: 0}
        self.places: dict[str, Place] = {}

    def trace(self, cell: Cell) -> Trace:
        """Return what is to be remembered of a value."""
        mask = self._mask(masked(cell.text))
        return Trace(self.hash(cell), self.fold(cell), mask)

    def hash(self, cell: Cell) -> bytes:
        """Return what tells a value from all others."""
        return NO_VALUE if cell.exact is None else self._hash(cell.exact, _HASH)

    def fold(self, cell: Cell) -> bytes:
        """Return what tells a value from others that differ in more than case and punctuation."""
        return NO_VALUE[:_FOLD] if cell.text is None else self._hash(folded(cell.text), _FOLD)

    def _mask(self, mask: str) -> int:
        if mask not in self._masks and len(self._masks) > _MOST_MASKS:
            return 0
        return self._masks.setdefault(mask, len(self._masks))

    def _hash(self, text: str, size: int) -> bytes:
        # A copy of what has taken the key already is quicker than to take it for each value.
        hashing = self._hashing[size].copy()
        hashing.update(text.encode("utf-8", "surrogatepass"))
        return hashing.digest()

    def masks(self) -> list[str]:
        """Return every mask by its number."""
        return list(self._masks)

    def begin(self, table: Table) -> Place:
        """Return the place of a table that is remembered from now on."""
        place = Place(len(self.places), table.keyed)
        for name in table.columns:
            place.column(name)
        return self.places.setdefault(table.name, place)

    def keep(self, place: Place, rows: Iterator[Row]) -> None:
        """Remember rows that have keys."""
        waiting = []
        for row in rows:
            cells = b"".join(
                _CELL.pack(place.column(cell.column), trace.hash, trace.fold, trace.mask)
                for cell, trace in ((cell, self.trace(cell)) for cell in row.cells)
            )
            waiting.append((place.number, self._hash(row.key, _KEY), cells))
            place.rows += 1
            if len(waiting) == _AT_ONCE:
                self._insert(waiting)
        self._insert(waiting)

    def _insert(self, waiting: list[tuple[int, bytes, bytes]]) -> None:
        with telling():
            self._file.executemany("INSERT INTO row VALUES (?, ?, ?)", waiting)
        waiting.clear()

    def ready(self) -> None:
        """End remembering: all is in the file, and rows are found by their keys."""
        with telling():
            self._file.execute("CREATE INDEX by_key ON row (place, key)")
            self._file.execute("COMMIT")
            self._file.execute("BEGIN")

    def found(self, place: Place, key: str) -> dict[int, Trace] | None:
        """Return what a row held, by its columns' numbers; None where there was none."""
        query = "SELECT cells FROM row WHERE place = ? AND key = ?"
        with telling():
            row = self._file.execute(query, (place.number, self._hash(key, _KEY))).fetchone()
        return None if row is None else _traces(row[0])

    def every(self, place: Place) -> Iterator[dict[int, Trace]]:
        """Yield what every row of a table held."""
        query = "SELECT cells FROM row WHERE place = ?"
        with telling():
            for (cells,) in self._file.execute(query, (place.number,)):
                yield _traces(cells)

    def count(self, place: Place, rows: Iterator[Row], when: str) -> Iterator[Row]:
        """Count how often each value stands in a column, before or after; yields the rows again."""
        query = (
            (
                "INSERT INTO value VALUES (?, ?, ?, ?, :b, :a) ON CONFLICT DO UPDATE "
                "SET before = before + excluded.before, after = after + excluded.after"
            )
            .replace(":b", str(int(when == "before")))
            .replace(":a", str(int(when == "after")))
        )
        for row in rows:
            told = [
                (place.number, place.column(cell.column), trace.hash, trace.fold)
                for cell, trace in ((cell, self.trace(cell)) for cell in row.cells)
            ]
            with telling():
                self._file.executemany(query, told)
            yield row

    def stayed(self, place: Place) -> dict[int, int]:
        """Return how many values of each column are there as often as before."""
        query = "SELECT number, sum(min(before, after)) FROM value WHERE place = ? GROUP BY number"
        with telling():
            return dict(self._file.execute(query, (place.number,)))

    def had(self, place: Place, cell: Cell) -> bool:
        """Tell whether a column of a table without keys held just this value before."""
        query = "SELECT before FROM value WHERE place = ? AND number = ? AND hash = ?"
        with telling():
            row = self._file.execute(
                query, (place.number, place.column(cell.column), self.hash(cell))
            ).fetchone()
        return row is not None and row[0] > 0

    def folds(self, place: Place, number: int) -> set[bytes]:
        """Return the values a column of a table without keys held before, but for their case."""
        query = "SELECT fold FROM value WHERE place = ? AND number = ? AND before > 0"
        with telling():
            return {fold for (fold,) in self._file.execute(query, (place.number, number))}


def _traces(cells: bytes) -> dict[int, Trace]:
    return {number: Trace(*rest) for number, *rest in _CELL.iter_unpack(cells)}


@contextmanager
def telling() -> Iterator[None]:
    """Say in a sentence why the file cannot be written, as on a full disk."""
    try:
        yield
    except sqlite3.Error as error:
        raise CommandError(f"cannot remember the rows of the copy: {error}") from error


@contextmanager
def remembering(folder: str | None) -> Iterator[Remembered]:
    """Open a file without a name in a folder, for as long as the block lasts."""
    try:
        handle, path = tempfile.mkstemp(prefix="envsync-trial-", dir=folder)
        os.close(handle)
    except OSError as error:
        raise UnavailableError(f"cannot write in {folder}: {error.strerror}") from error
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        with telling():
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.executescript(_TABLES)
    finally:
        Path(path).unlink()
    try:
        with telling():
            connection.execute("BEGIN")
        yield Remembered(connection)
    finally:
        connection.close()


def require_room(folder: str | None, expected: int) -> None:
    """Raise RefusedError where a folder has too little room."""
    where = folder or tempfile.gettempdir()
    try:
        free = shutil.disk_usage(where).free
    except OSError as error:
        raise RefusedError(f"cannot look at {where}: {error.strerror}; set temppath:") from error
    if expected > free:
        raise RefusedError(
            f"no space in {where} for what must be remembered of the rows: about "
            f"{expected / 2**20:,.0f} MiB are needed and {free / 2**20:,.0f} MiB are free; name a "
            "folder with more by temppath: of the sync, or TMPDIR"
        )

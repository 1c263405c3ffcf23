"""A table as a dump creates it, taken apart: rows go in faster before most indexes are there."""

import re
from dataclasses import dataclass

_NAME = rb"`((?:[^`]|``)+)`"
_CREATE = re.compile(rb"CREATE TABLE (?:IF NOT EXISTS )?" + _NAME + rb" \(\n")
_INDEX = re.compile(rb"  (?:UNIQUE )?KEY ")
_FOREIGN_KEY = re.compile(rb"  CONSTRAINT " + _NAME + rb" FOREIGN KEY ")
_PRIMARY = re.compile(rb"  PRIMARY KEY \(" + _NAME)
_NUMBERED = re.compile(rb"  " + _NAME + rb" .*\bAUTO_INCREMENT\b")
_INNODB = re.compile(rb"\) ENGINE=InnoDB\b")


@dataclass(frozen=True, slots=True)
class Table:
    """How a table is created for its rows, and the indexes and foreign keys that come after them.

    Each is written as in CREATE TABLE, which is how ALTER TABLE ... ADD takes it too.
    """

    name: str
    create: bytes
    indexes: tuple[bytes, ...] = ()
    foreign_keys: tuple[bytes, ...] = ()

    def add_indexes(self) -> bytes | None:
        """Return the statement that adds all indexes, which reads the rows only once."""
        return _alter(self.name, self.indexes)

    def add_foreign_keys(self) -> bytes | None:
        """Return the statement that adds the foreign keys."""
        return _alter(self.name, self.foreign_keys)


def taken_apart(statement: bytes) -> Table | None:
    """Read a CREATE TABLE of a dump; None for any other statement.

    Only what InnoDB adds behind the rows just as well is taken out. SHOW CREATE TABLE tells the
    indexes by kind, and within a kind in the order they were added, so the table comes out as told.
    """
    found = _CREATE.match(statement)
    if found is None:
        return None
    name = found[1].replace(b"``", b"`").decode()
    end = statement.find(b"\n)", found.end() - 1)
    if end < 0 or not _INNODB.match(statement, end + 1):
        return Table(name, statement)
    parts = [line.removesuffix(b",") for line in statement[found.end() : end].split(b"\n")]
    keys = tuple(part for part in parts if _FOREIGN_KEY.match(part))
    indexes = tuple(part for part in parts if _INDEX.match(part))
    if not _can_wait(parts):
        indexes = ()
    later = {*keys, *indexes}
    kept = [part for part in parts if part not in later]
    create = statement[: found.end()] + b",\n".join(kept) + statement[end:]
    return Table(
        name,
        create,
        tuple(part.strip() for part in indexes),
        tuple(part.strip() for part in keys),
    )


def _can_wait(parts: list[bytes]) -> bool:
    """Tell whether the indexes may come later: none hashes long texts, none numbers the rows.

    Spatial ones stay, and are told among the others in the order they were added.
    """
    if any(part.startswith(b"  SPATIAL KEY ") for part in parts):
        return False
    if any(b"USING HASH" in part for part in parts if _INDEX.match(part)):
        return False
    primary = next((found[1] for part in parts if (found := _PRIMARY.match(part))), None)
    numbered = next((found[1] for part in parts if (found := _NUMBERED.match(part))), None)
    return numbered is None or numbered == primary


def _alter(name: str, parts: tuple[bytes, ...]) -> bytes | None:
    if not parts:
        return None
    quoted = b"`" + name.encode().replace(b"`", b"``") + b"`"
    return b"ALTER TABLE " + quoted + b" ADD " + b", ADD ".join(parts)

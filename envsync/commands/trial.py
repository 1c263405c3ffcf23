"""What a trial does to a copy besides what a pull does: its rows remembered, then compared."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from envsync.commands import Command, Target

CELL_BYTES = 16
ROW_BYTES = 60
"""How much disk a remembered value takes, and a row besides its values: its key, twice."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy in its quarantine, and whose hands read its rows.

    `role` reads them where that is not the user. `indices` are those of a search cluster, each with
    the name by which it is known: the target's database is none there.
    """

    engine: str
    target: Target
    role: str | None = None
    indices: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class RoomToRemember(Command):
    """Refuse to begin where a folder has too little room for what is to be remembered."""

    prepares: ClassVar[bool] = True
    folder: str | None
    expected_bytes: int

    def lines(self) -> Iterator[str]:
        size = f"about {math.ceil(self.expected_bytes / 2**20):,} MiB"
        where = self.folder or "the folder for temporary files"
        yield f"remember rows in {where}: {size} of temporary disk"


@dataclass(frozen=True, slots=True)
class RememberRows(Command):
    """Remember of every value of a copy that it was: keyed hashes and masks, of no use later."""

    copy: Copy
    folder: str | None

    def lines(self) -> Iterator[str]:
        yield f"remember every row of {_where(self.copy)}, by hashes that tell nothing"


@dataclass(frozen=True, slots=True)
class TellChanges(Command):
    """Compare every row of a copy with what is remembered of it."""

    copy: Copy

    def lines(self) -> Iterator[str]:
        yield f"compare every row of {_where(self.copy)} with what it was, and promote nothing"


def _where(copy: Copy) -> str:
    if not copy.indices:
        return str(copy.target)
    return f"{', '.join(index for _, index in copy.indices)} on {copy.target.endpoint}"

"""What every engine gives a trial: its tables, and their rows one after the other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from envsync.commands.trial import Copy
from envsync.gateways.scope import Scope


class Cell(NamedTuple):
    """One value: its column, the text of it, and what tells it from all others.

    Both are None where there is a column and no value.
    """

    column: str
    text: str | None
    exact: str | None


class Row(NamedTuple):
    """One row: what tells it from all others, and its values; absent ones may be left out."""

    key: str
    cells: list[Cell]


def key_of(values: Iterable[object]) -> str:
    """Return several values as one key, which no other values give."""
    return "".join(f"{len(text)}:{text}" for text in map(str, values))


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a copy, as classifications call it; `where` is for its reader alone.

    `columns` are those it has whatever its rows hold. Rows of one that is not `keyed` have keys
    that mean nothing.
    """

    name: str
    where: Any
    columns: tuple[str, ...] = ()
    keyed: bool = True


class Reader(Protocol):
    """How one engine's rows are read, in bounded memory."""

    def tables(self, copy: Copy, scope: Scope) -> list[Table]:
        """Return all tables of a copy that hold rows of their own."""

    def rows(self, copy: Copy, table: Table, scope: Scope) -> Iterator[Row]:
        """Yield every row of a table, each value as the same text whenever it is the same."""

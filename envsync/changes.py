"""What a script was seen to change in a copy: rows counted, values masked. Leaf values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One value that changed: what it was, masked, and what it is.

    `was_there` is True where what it is, or all but its punctuation and case, stood in the column
    before: it is masked then as well. `before` is None where rows cannot be told apart.
    """

    before: str | None
    after: str
    was_there: bool = False


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    """One column: in how many of the rows that stayed its value changed, and a few of those.

    `empty` are the rows in which it had no value and has none. Of columns that are `gone`, with
    values, or `new`, all rows that have or had a value are touched.
    """

    name: str
    touched: int
    empty: int
    samples: tuple[Sample, ...] = ()
    gone: bool = False
    new: bool = False


@dataclass(frozen=True, slots=True)
class TableChanges:
    """One table: its rows before and after, how many of each are gone or new, and its columns.

    Without a key (`keyed` is False) rows cannot be told apart: values are counted, and the figures
    are the least there can be. `dropped` and `made` are tables that the script did away with, or
    brought.
    """

    name: str
    before: int
    after: int
    deleted: int
    added: int
    columns: tuple[ColumnChanges, ...] = ()
    keyed: bool = True
    dropped: bool = False
    made: bool = False

    @property
    def compared(self) -> int:
        """The rows that were there before and are there after."""
        return self.before - self.deleted

"""What was read of a script or of checks: values that say nothing of SQL or documents any more."""

from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What becomes of values: replaced, gone with their rows, gone with their column."""

    SET = "set"
    DELETED = "deleted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Change:
    """What a statement does to one column of a table; to all of them where `column` is None.

    `partly` is True where it does so in some rows only, or may.
    """

    line: int
    table: str
    column: str | None
    act: Act
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """A column that a check looks at; all of a table where `column` is None."""

    table: str
    column: str | None


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with a statement by itself; `is_note` where that is not certain."""

    line: int
    sentence: str
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A statement that was not understood: `text` may change any column whose name is in it.

    Where it `hides` what it does, as a call of a function does, it may change any at all.
    """

    line: int
    text: str
    hides: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of one file; `queries` counts the checks in it."""

    changes: tuple[Change, ...] = ()
    looks: tuple[Look, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    unread: tuple[Unread, ...] = ()
    queries: int = 0

"""How the columns that are there differ from those that a person decided on, in sentences. Pure.

No sentence shows a value of a row: tables, columns and types are all that is looked at.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from envsync.columns import (
    ELEMENTS,
    Classification,
    Decided,
    Found,
    is_pattern,
    matches,
    yaml_text,
)

_WHOLE = {"object", "array", "nested"}
"""Types that hold fields of their own: who decides on one decides on all that is in it."""
_NOTHING = {"null", "undefined"}
"""Types of what is not there: a field that has no value in some documents leaks nothing."""
_NUMBERS = {"int", "long", "double", "decimal"}
_SHOWN = 10
_SHOWN_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class NewTable:
    """A table nobody decided on."""

    table: str
    columns: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        shown = [f"{shown_name(name)} {_types(types)}" for name, types in self.columns.items()]
        more = len(shown) - _SHOWN_COLUMNS
        rest = f" and {more} more" if more > 0 else ""
        return f"{shown_name(self.table)} is new ({', '.join(shown[:_SHOWN_COLUMNS])}{rest})"

    def example(self) -> tuple[str, str, tuple[str, ...]] | None:
        """Return what to decide on: a table, one of its columns and its types."""
        return next(((self.table, *column) for column in self.columns.items()), None)


@dataclass(frozen=True, slots=True)
class NewColumn:
    """A column nobody decided on; `was` is one of its type that is gone, if there is one."""

    table: str
    column: str
    types: tuple[str, ...]
    was: str | None = None

    def __str__(self) -> str:
        new = f"{_column(self.table, self.column)} ({_types(self.types)}) is new"
        return f"{new} and {_column(self.table, self.was)} is gone: renamed?" if self.was else new

    def example(self) -> tuple[str, str, tuple[str, ...]]:
        """Return what to decide on: a table, one of its columns and its types."""
        return self.table, self.column, self.types


@dataclass(frozen=True, slots=True)
class Retyped:
    """A column that is no longer of a type that was decided on."""

    table: str
    column: str
    declared: tuple[str, ...]
    types: tuple[str, ...]

    def __str__(self) -> str:
        where = _column(self.table, self.column)
        return f"{where} is {_types(self.types)} and was {_types(self.declared)}"

    def example(self) -> tuple[str, str, tuple[str, ...]]:
        """Return what to decide on: a table, one of its columns and its types."""
        return self.table, self.column, self.types


@dataclass(frozen=True, slots=True)
class Gone:
    """A table, or a column of one, that was decided on and is not there: nothing can leak."""

    table: str
    column: str | None = None

    def __str__(self) -> str:
        where = _column(self.table, self.column) if self.column else shown_name(self.table)
        return f"{where} is not there any more"


Undecided = NewTable | NewColumn | Retyped
Difference = Undecided | Gone


def differences(
    classification: Classification,
    found: Found,
    *,
    optional: bool = False,
    without: Collection[str] = (),
) -> Iterator[Difference]:
    """Yield how what was found differs from what was decided, table by table.

    Fields of documents are `optional`: one that no document has at the moment is not gone. Tables
    that are left out of the copy are `without`.
    """
    declared = classification.tables
    for table, columns in found.items():
        decided = _of_table(declared, table)
        if decided is None:
            yield NewTable(table, columns)
        else:
            yield from _of_columns(table, decided, columns, optional=optional)
    for table in declared:
        if table not in found and table not in without and not is_pattern(table):
            yield Gone(table)


def refusal(where: str, classification: Classification, undecided: Collection[Undecided]) -> str:
    """Say in a sentence what nobody decided on, and what to type for it."""
    file, found = classification.file, list(undecided)
    told = "; ".join(str(each) for each in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    examples = (each.example() for each in found)
    example = next((each for each in examples if each is not None), None)
    return f"{where} is not as {file} says: {told}{more}; {_wanted(file, example)}"


def outdated(classification: Classification, gone: Collection[Gone]) -> str:
    """Say in a sentence what is decided on for nothing."""
    found = list(gone)
    told = "; ".join(str(each) for each in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{told}{more}: take it out of {classification.file}"


def decided_on(classification: Classification, table: str, column: str) -> Decided | None:
    """Return what somebody decided on a column, or on what it lies in; None where nobody did."""
    columns = _of_table(classification.tables, table)
    if columns is None:
        return None
    patterns = [name for name in columns if is_pattern(name)]
    around = (_of_column(name, columns, patterns) for name in (column, *_holders(column)))
    return next((decision for decision in around if decision is not None), None)


def shown_name(name: str) -> str:
    """Show a name in a sentence: what cannot be printed is escaped."""
    return name if name and name.isprintable() else yaml_text(name)


def _wanted(file: str, example: tuple[str, str, tuple[str, ...]] | None) -> str:
    if example is None:
        return f"decide on each in {file}"
    table, column, types = example
    shown = [yaml_text(kind) for kind in types]
    kinds = shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"
    name = yaml_text(column)
    return (
        f"decide on each in {file}: under {yaml_text(table)}:, {name}: {{keep: {kinds}}} where "
        f"anybody may read it, or {name}: {{sanitised: {kinds}}} once the script changes it"
    )


def _of_table(
    declared: Mapping[str, Mapping[str, Decided]], table: str
) -> Mapping[str, Decided] | None:
    if table in declared:
        return declared[table]
    patterns = (name for name in declared if is_pattern(name) and matches(name, table))
    return next((declared[name] for name in patterns), None)


def _of_columns(
    table: str,
    decided: Mapping[str, Decided],
    found: Mapping[str, tuple[str, ...]],
    *,
    optional: bool,
) -> Iterator[Difference]:
    patterns = [name for name in decided if is_pattern(name)]
    gone = [name for name in decided if name not in patterns and not _is_there(name, found)]
    renamed: set[str] = set()
    for column, types in found.items():
        decision = _of_column(column, decided, patterns)
        if decision is None and not _is_within(column, decided, patterns):
            like = (name for name in gone if name not in renamed and _fits(decided[name], types))
            was = None if _NOTHING.issuperset(types) else next(like, None)
            renamed.update({was} if was else ())
            yield NewColumn(table, column, types, was)
        elif decision is not None and not _fits(decision, types):
            yield Retyped(table, column, decision.types, types)
    if not optional:
        yield from (Gone(table, name) for name in gone if name not in renamed)


def _of_column(column: str, decided: Mapping[str, Decided], patterns: list[str]) -> Decided | None:
    if column in decided:
        return decided[column]
    return next((decided[name] for name in patterns if matches(name, column)), None)


def _is_within(column: str, decided: Mapping[str, Decided], patterns: list[str]) -> bool:
    """Tell whether somebody decided on a document or a list, as a whole, that holds a field."""
    around = (_of_column(holder, decided, patterns) for holder in _holders(column))
    return any(decision and not _WHOLE.isdisjoint(decision.types) for decision in around)


def _holders(column: str) -> Iterator[str]:
    """Yield the paths of what a field lies in, the nearest first."""
    while column:
        if column.endswith(ELEMENTS):
            column = column.removesuffix(ELEMENTS)
        else:
            column = column[: _last_dot(column)]
        if column:
            yield column


def _last_dot(path: str) -> int:
    """Return where the last name of a path begins; a dot after a backslash parts nothing."""
    place = path.rfind(".")
    while place > 0 and (place - len(path[:place].rstrip("\\"))) % 2:
        place = path.rfind(".", 0, place)
    return max(place, 0)


def _is_there(name: str, found: Mapping[str, tuple[str, ...]]) -> bool:
    return name in found or any(name in _holders(column) for column in found)


def _fits(decision: Decided, types: tuple[str, ...]) -> bool:
    declared = {*decision.types, *(_NUMBERS if "number" in decision.types else ())}
    return set(types) <= declared | _NOTHING


def _column(table: str, column: str) -> str:
    return f"{shown_name(table)}.{shown_name(column)}"


def _types(types: tuple[str, ...]) -> str:
    return " or ".join(map(shown_name, types))

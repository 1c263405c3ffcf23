"""Names that a script may use: what the classification knows, looked up as the engine would."""

from collections.abc import Mapping
from dataclasses import dataclass

from envsync.columns import ELEMENTS, Classification, Decided, is_pattern, matches
from envsync.inventory.problems import listed, nearest
from envsync.sanitising.reading import Flaw


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tables and columns of a classification.

    Columns are told apart by their letters' case unless `folds`, as MySQL does not.
    """

    classification: Classification
    folds: bool = False

    def table(self, name: str) -> str | None:
        """Return the entry that covers a table; None where none does."""
        tables = self.classification.tables
        if name in tables:
            return name
        return next((entry for entry in tables if is_pattern(entry) and matches(entry, name)), None)

    def column(self, table: str, name: str) -> str | None:
        """Return the entry that covers a column of a table's entry; None where none does."""
        columns = self._columns(table)
        if name in columns:
            return name
        wanted = self._case(name)
        return next((entry for entry in columns if matches(self._case(entry), wanted)), None)

    def tables(self, pattern: str) -> tuple[str, ...]:
        """Return the entries that a pattern of names means."""
        entries = self.classification.tables
        return tuple(name for name in entries if matches(pattern, name) or matches(name, pattern))

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the entries of a table's entry."""
        return tuple(self._columns(table))

    def reached(self, table: str, path: str) -> tuple[str, ...]:
        """Return the entries of a field and of all that is in it, else of what it is in."""
        columns = self._columns(table)
        within = tuple(name for name in columns if is_within(name, path) or matches(name, path))
        return within or tuple(name for name in columns if is_within(path, name))

    def no_table(self, kind: str, name: str, line: int, *, changed: bool) -> Flaw:
        """Tell of a table that is not known.

        What is read only may be a view, on which nobody decides: that is no more than a note,
        unless the name is like that of a table. The same goes for columns that are generated.
        """
        return _unknown(f"the {kind} {name!r}", name, self.classification.tables, line, changed)

    def no_column(self, kind: str, table: str, name: str, line: int, *, changed: bool) -> Flaw:
        """Tell of a column that is not known."""
        what = f"the {kind} {name!r} of {table!r}"
        return _unknown(what, name, self._columns(table), line, changed)

    def _columns(self, table: str) -> Mapping[str, Decided]:
        return self.classification.tables.get(table, {})

    def _case(self, name: str) -> str:
        return name.lower() if self.folds else name


def _unknown(what: str, name: str, known: Mapping[str, object], line: int, changed: bool) -> Flaw:  # noqa: FBT001
    sentence = f"names {what}, which the classification does not know; "
    near = nearest(name, tuple(known))
    if near is not None:
        return Flaw(line, f"{sentence}did you mean {near!r}?")
    return Flaw(line, f"{sentence}accepted: {listed(tuple(known))}", is_note=not changed)


def is_within(path: str, other: str) -> bool:
    """Tell whether a path is another one, or of a field within it, elements of arrays or not."""
    own, around = path.replace(ELEMENTS, ""), other.replace(ELEMENTS, "")
    return own == around or own.startswith(f"{around}.")

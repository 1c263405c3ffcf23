"""Rows compared with what is remembered of them: counts of what changed, and samples."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from envsync.changes import ColumnChanges, Sample, TableChanges
from envsync.gateways.trial.masking import ABSENT, masked, shown
from envsync.gateways.trial.remembered import NO_VALUE, Place, Remembered, Trace
from envsync.gateways.trial.rows import Cell, Row, Table

_SAMPLES = 3
_CANDIDATES = 24
"""Of how many changed values of a column the samples are chosen: they are to differ."""


@dataclass(slots=True)
class _Candidate:
    before: int | None
    after: str | None
    is_absent: bool
    fold: bytes | None
    was_there: bool = False


@dataclass(slots=True)
class _Column:
    """What is counted of one column, for the length of one table.

    `valued` are the rows that have a value which did not change.
    """

    touched: int = 0
    valued: int = 0
    is_there: bool = False
    candidates: list[_Candidate] = field(default_factory=list)
    seen: set[tuple[int | None, str | None]] = field(default_factory=set)

    def touch(self, memory: Remembered, before: int | None, cell: Cell | None) -> None:
        """Count a change, and keep it where it may become a sample."""
        self.touched += 1
        if len(self.candidates) == _CANDIDATES:
            return
        text = cell.text if cell else None
        alike = (before, text and text[:_CANDIDATES])
        if alike not in self.seen:
            self.seen.add(alike)
            fold = memory.fold(cell) if cell else None
            self.candidates.append(_Candidate(before, text, cell is None, fold))


def compared(memory: Remembered, table: Table, rows: Iterator[Row]) -> TableChanges:
    """Return what became of a table whose rows have keys."""
    place = memory.places[table.name]
    known = set(place.columns)
    columns: dict[str, _Column] = {name: _Column() for name in (*place.columns, *table.columns)}
    for name in table.columns:
        columns[name].is_there = True
    after = stayed = 0
    for row in rows:
        after += 1
        before = memory.found(place, row.key)
        if before is not None:
            stayed += 1
        _compare(memory, place, row, before, columns)
    _tell_old_from_new(memory, place, columns)
    return TableChanges(
        table.name,
        place.rows,
        after,
        deleted=place.rows - stayed,
        added=after - stayed,
        columns=tuple(_told(memory, name, found, known, stayed) for name, found in columns.items()),
    )


def _compare(
    memory: Remembered,
    place: Place,
    row: Row,
    before: dict[int, Trace] | None,
    columns: dict[str, _Column],
) -> None:
    left = before or {}
    for cell in row.cells:
        column = columns.setdefault(cell.column, _Column())
        column.is_there = True
        if before is None:
            continue
        was = left.pop(place.column(cell.column), None)
        now = memory.hash(cell)
        if was is not None and was.hash == now:
            column.valued += bool(cell.text)
        elif was is not None or now != NO_VALUE:
            column.touch(memory, was.mask if was else None, cell)
    names = list(place.columns) if left else []
    for number, was in left.items():
        if was.has_value:
            columns[names[number]].touch(memory, was.mask, None)


def _tell_old_from_new(memory: Remembered, place: Place, columns: dict[str, _Column]) -> None:
    """Find out which values stood in their column before, in another row or written otherwise.

    They may be somebody's still, and are not shown then.
    """
    wanted: dict[int, dict[bytes, list[_Candidate]]] = {}
    for name, column in columns.items():
        for candidate in column.candidates:
            if candidate.fold is not None and candidate.after:
                folds = wanted.setdefault(place.columns[name], {})
                folds.setdefault(candidate.fold, []).append(candidate)
    if not wanted:
        return
    for traces in memory.every(place):
        for number, folds in wanted.items():
            trace = traces.get(number)
            if trace is not None and trace.has_value and trace.fold in folds:
                for candidate in folds[trace.fold]:
                    candidate.was_there = True


def _told(
    memory: Remembered, name: str, column: _Column, known: set[str], stayed: int
) -> ColumnChanges:
    return ColumnChanges(
        name,
        column.touched,
        max(0, stayed - column.touched - column.valued),
        _samples(column, memory.masks()),
        gone=bool(column.touched) and not column.is_there,
        new=name not in known,
    )


def _samples(column: _Column, masks: list[str]) -> tuple[Sample, ...]:
    chosen = sorted(column.candidates, key=lambda each: each.was_there)[:_SAMPLES]
    return tuple(_sample(each, masks) for each in chosen)


def _sample(candidate: _Candidate, masks: list[str]) -> Sample:
    before = ABSENT if candidate.before is None else masks[candidate.before]
    if candidate.is_absent:
        return Sample(before, ABSENT)
    show = masked if candidate.was_there else shown
    return Sample(before, show(candidate.after), candidate.was_there)


def counted(memory: Remembered, table: Table, rows: Iterator[Row]) -> TableChanges:
    """Return what became of a table without keys, by how often each value is in each column."""
    place = memory.places[table.name]
    known = set(place.columns)
    columns: dict[str, _Column] = {name: _Column() for name in (*place.columns, *table.columns)}
    after = 0
    for row in memory.count(place, rows, "after"):
        after += 1
        for cell in row.cells:
            column = columns.setdefault(cell.column, _Column())
            column.is_there = True
            column.valued += bool(cell.text)
            if len(column.candidates) < _CANDIDATES and not memory.had(place, cell):
                column.touch(memory, None, cell)
    stayed = memory.stayed(place)
    least = min(place.rows, after)
    for name, column in columns.items():
        column.touched = max(0, least - stayed.get(place.columns.get(name, -1), 0))
        column.valued = least - column.touched - min(after - column.valued, least - column.touched)
        column.is_there = column.is_there or name in table.columns
        _tell_old(column, memory.folds(place, place.columns.get(name, -1)))
    return TableChanges(
        table.name,
        place.rows,
        after,
        deleted=max(0, place.rows - after),
        added=max(0, after - place.rows),
        columns=tuple(
            replace(
                _told(memory, name, found, known, least), samples=_without_before(memory, found)
            )
            for name, found in columns.items()
        ),
        keyed=False,
    )


def _tell_old(column: _Column, folds: set[bytes]) -> None:
    for candidate in column.candidates:
        old = candidate.fold is not None and candidate.fold in folds
        candidate.was_there = old and bool(candidate.after)


def _without_before(memory: Remembered, column: _Column) -> tuple[Sample, ...]:
    """Return samples of which nobody knows what they were."""
    samples = _samples(column, memory.masks())
    return tuple(replace(each, before=None) for each in samples)

"""A trial's own commands carried out: rows remembered, then compared with what they were."""

from collections.abc import Iterator
from importlib import import_module
from typing import cast

from envsync.changes import TableChanges
from envsync.commands import Measured
from envsync.commands.trial import Copy, RememberRows, RoomToRemember, TellChanges
from envsync.gateways.engines import Work
from envsync.gateways.scope import Scope
from envsync.gateways.trial.comparing import compared, counted
from envsync.gateways.trial.remembered import Remembered, remembering, require_room
from envsync.gateways.trial.rows import Reader, Row, Table

_MEMORY = "rows"
TrialCommand = RoomToRemember | RememberRows | TellChanges


def perform(command: TrialCommand, work: Work) -> Measured | None:
    """Carry out one of a trial's own commands."""
    match command:
        case RoomToRemember(folder, expected):
            work.scope.meter.stage(next(command.lines()), None)
            require_room(folder, expected)
        case RememberRows():
            memory = work.held.enter_context(remembering(command.folder))
            work.kept[_MEMORY] = memory
            _remember(command.copy, memory, work.scope)
        case TellChanges():
            memory = cast("Remembered", work.kept[_MEMORY])
            return Measured(changes=tuple(_changes(command.copy, memory, work.scope)))
    return None


def _reader(copy: Copy) -> Reader:
    return cast("Reader", import_module(f"envsync.gateways.{copy.engine}.trial_rows"))


def _remember(copy: Copy, memory: Remembered, scope: Scope) -> None:
    reader = _reader(copy)
    for table in reader.tables(copy, scope):
        place = memory.begin(table)
        rows = _checked(reader.rows(copy, table, scope), scope)
        if table.keyed:
            memory.keep(place, rows)
        else:
            place.rows = sum(1 for _ in memory.count(place, rows, "before"))
    memory.ready()


def _changes(copy: Copy, memory: Remembered, scope: Scope) -> Iterator[TableChanges]:
    reader = _reader(copy)
    left = dict(memory.places)
    for table in reader.tables(copy, scope):
        rows = _checked(reader.rows(copy, table, scope), scope)
        place = left.pop(table.name, None)
        if place is None:
            yield _made(table, rows)
        elif place.keyed is not table.keyed:
            yield _only_counted(table, place.rows, rows)
        else:
            yield (compared if table.keyed else counted)(memory, table, rows)
    for name, place in left.items():
        yield TableChanges(name, place.rows, 0, deleted=place.rows, added=0, dropped=True)


def _made(table: Table, rows: Iterator[Row]) -> TableChanges:
    count = sum(1 for _ in rows)
    return TableChanges(table.name, 0, count, deleted=0, added=count, made=True)


def _only_counted(table: Table, before: int, rows: Iterator[Row]) -> TableChanges:
    """Tell of a table whose key the script gave or took: nothing can be compared."""
    after = sum(1 for _ in rows)
    deleted, added = max(0, before - after), max(0, after - before)
    return TableChanges(table.name, before, after, deleted, added, keyed=False)


def _checked(rows: Iterator[Row], scope: Scope) -> Iterator[Row]:
    """Pass rows on until the step is to end."""
    for row in rows:
        scope.check()
        yield row

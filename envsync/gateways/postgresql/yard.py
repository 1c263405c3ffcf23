"""The yard where indexes are built: each as soon as the rows of its table are in."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from envsync.gateways.postgresql.archive import Entry
from envsync.gateways.scope import Scope

_KINDS = {"INDEX", "CONSTRAINT"}


@dataclass(frozen=True, slots=True)
class Task:
    """An index or constraint to create, and the rows it waits for.

    One that alters its table needs it alone: it would only wait, or worse, wait in a circle.
    """

    entry: Entry
    rows: frozenset[int]
    alone: bool


def tasks(after: Iterable[Entry], rows: Iterable[Entry]) -> tuple[Task, ...]:
    """Return what can be created from one table's rows alone; all else is left to pg_restore."""
    after = tuple(after)
    later = {entry.dump_id for entry in after}
    rows_of = {table: entry.dump_id for entry in rows for table in entry.dependencies}
    found = (
        Task(
            entry,
            frozenset(rows_of[table] for table in entry.dependencies if table in rows_of),
            alone="ALTER TABLE" in entry.definition,
        )
        for entry in after
        if entry.description in _KINDS and later.isdisjoint(entry.dependencies)
    )
    return tuple(task for task in found if len(task.rows) == 1)


class Yard:
    """Tasks that wait for rows, then for a builder; those on the largest tables come first."""

    def __init__(self, scope: Scope, waiting: Iterable[Task]) -> None:
        self._scope = scope
        self._changed = threading.Condition()
        self._waiting = list(waiting)
        self._ready: list[tuple[int, Task]] = []
        self._building: Counter[frozenset[int]] = Counter()
        self._alone: set[frozenset[int]] = set()
        scope.register(self._wake)

    def rows_are_in(self, table: Entry, weight: int) -> None:
        """Make ready what waited for a table's rows; the larger the weight, the sooner."""
        with self._changed:
            ready = [task for task in self._waiting if table.dump_id in task.rows]
            self._waiting = [task for task in self._waiting if task not in ready]
            self._ready = sorted(
                [*self._ready, *((weight, task) for task in ready)], key=lambda pair: -pair[0]
            )
            self._changed.notify_all()

    def take(self) -> Task | None:
        """Take the next task that can be begun; None once every task has been taken."""
        with self._changed:
            while self._ready or self._waiting:
                for pair in self._ready:
                    if self._can_begin(pair[1]):
                        self._ready.remove(pair)
                        return self._begun(pair[1])
                self._scope.check()
                self._changed.wait()
                self._scope.check()
            return None

    def done(self, task: Task) -> None:
        """Say that a task taken has been done."""
        with self._changed:
            self._building[task.rows] -= 1
            self._alone.discard(task.rows)
            self._changed.notify_all()

    def _can_begin(self, task: Task) -> bool:
        return task.rows not in self._alone and not (task.alone and self._building[task.rows])

    def _begun(self, task: Task) -> Task:
        self._building[task.rows] += 1
        if task.alone:
            self._alone.add(task.rows)
        self._changed.notify_all()
        return task

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

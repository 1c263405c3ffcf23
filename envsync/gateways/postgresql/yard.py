"""The yard where indexes and constraints are built: each as soon as the rows it needs are in."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envsync.gateways.postgresql.archive import Archive, Entry
from envsync.gateways.scope import Scope

_KINDS = {"INDEX", "CONSTRAINT", "FK CONSTRAINT"}
_TABLES = {"TABLE", "FOREIGN TABLE", "MATERIALIZED VIEW"}


@dataclass(frozen=True, slots=True)
class Task:
    """An index or constraint to create, the rows it waits for, and the tasks that come before.

    One that alters its tables needs them alone: it would only wait, or worse, wait in a circle.
    """

    entry: Entry
    rows: frozenset[int]
    needs: frozenset[int]
    alone: bool


def tasks(archive: Archive, after: Iterable[Entry], rows: Iterable[Entry]) -> tuple[Task, ...]:
    """Return what can be created as soon as rows are in; all else is left to pg_restore."""
    rows_of = {table: entry.dump_id for entry in rows for table in entry.dependencies}
    others = {entry.dump_id for entry in archive.entries if entry.description in _TABLES}
    return tuple(_found(tuple(after), rows_of, others - rows_of.keys()))


def _found(
    after: tuple[Entry, ...], rows_of: dict[int, int], other_tables: set[int]
) -> Iterator[Task]:
    """Yield tasks in the archive's order, in which what others need comes before them."""
    left = {entry.dump_id for entry in after}
    found: set[int] = set()
    for entry in after:
        needed = set(entry.dependencies)
        rows = frozenset(rows_of[table] for table in needed & rows_of.keys())
        if entry.description in _KINDS and rows and needed.isdisjoint(other_tables | left):
            left.remove(entry.dump_id)
            found.add(entry.dump_id)
            alone = "ALTER TABLE" in entry.definition
            yield Task(entry, rows, frozenset(needed & found), alone)


class Yard:
    """Tasks that wait for rows, then for a builder; those on the largest tables come first."""

    def __init__(self, scope: Scope, waiting: Iterable[Task]) -> None:
        self._scope = scope
        self._changed = threading.Condition()
        self._left = list(waiting)
        self._loaded: dict[int, int] = {}
        self._done: set[int] = set()
        self._building: Counter[int] = Counter()
        self._alone: set[int] = set()
        scope.register(self._wake)

    def rows_are_in(self, table: Entry, weight: int) -> None:
        """Say that a table's rows are in; the larger the weight, the sooner its tasks."""
        with self._changed:
            self._loaded[table.dump_id] = weight
            self._left.sort(key=lambda task: -sum(self._loaded.get(n, 0) for n in task.rows))
            self._changed.notify_all()

    def take(self) -> Task | None:
        """Take the next task that can be begun; None once every task has been taken."""
        with self._changed:
            while self._left:
                for task in self._left:
                    if self._can_begin(task):
                        return self._begun(task)
                self._scope.check()
                self._changed.wait()
                self._scope.check()
            return None

    def done(self, task: Task) -> None:
        """Say that a task taken has been done."""
        with self._changed:
            self._done.add(task.entry.dump_id)
            self._building.subtract(task.rows)
            if task.alone:
                self._alone -= task.rows
            self._changed.notify_all()

    def _can_begin(self, task: Task) -> bool:
        return (
            task.rows <= self._loaded.keys()
            and task.needs <= self._done
            and self._alone.isdisjoint(task.rows)
            and not (task.alone and any(self._building[table] for table in task.rows))
        )

    def _begun(self, task: Task) -> Task:
        self._left.remove(task)
        self._building.update(task.rows)
        if task.alone:
            self._alone |= task.rows
        return task

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

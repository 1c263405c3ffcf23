"""Rows into tables over several connections, straight from the stream, with indexes behind them."""

import threading
from collections import Counter, deque
from dataclasses import dataclass, replace

import pymysql

from envsync.commands.mysql import Restore
from envsync.gateways.mysql.session import Session, connect, told
from envsync.gateways.mysql.statements import rows_apart
from envsync.gateways.scope import Scope

DEPTH = 6
"""Blocks of rows that may wait, of about 1 MiB: what keeps loaders busy and memory small."""
COMMIT_BYTES = 32 << 20
"""A transaction's size: large enough to be rare, small enough to keep the server's undo short."""
_AS_DUMPS_SET = (
    "SET SESSION time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0, "
    "sql_mode = 'NO_AUTO_VALUE_ON_ZERO', sql_notes = 0, wait_timeout = 2147483, "
    "lock_wait_timeout = 86400, innodb_lock_wait_timeout = 86400"
    # Without this no index can follow the rows of a table WITH SYSTEM VERSIONING.
    "/*M!100304 , system_versioning_alter_history = KEEP */"
)


@dataclass(frozen=True, slots=True)
class Task:
    """A block of a table's rows, or the statement that adds the table's indexes.

    MariaDB locks a table for the transaction that brings its first rows where unique_checks are off
    (from 10.6 on): that transaction is a block long, for others not to wait for it.
    """

    table: str
    statement: bytes
    rows: bool
    first: bool = False


def loading_session(command: Restore, scope: Scope) -> Session:
    """Open a session set as dumps set theirs."""
    session = connect(command.target, scope)
    try:
        session.run(_AS_DUMPS_SET)
    except pymysql.Error as error:
        session.close()
        raise told(error, command.target) from None
    return session


class Belt:
    """What waits between the one thread that reads the stream and those that load."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._changed = threading.Condition()
        self._rows: deque[Task] = deque()
        self._indexes: deque[Task] = deque()
        self._later: dict[str, Task | None] = {}
        self._open: Counter[str] = Counter()
        self._finished = False
        self._busy = 0
        scope.register(self._wake)

    def put(self, task: Task) -> None:
        """Lay down a block of rows once there is room for it."""
        with self._changed:
            while len(self._rows) >= DEPTH:
                self._wait()
            is_first = task.table not in self._open
            self._open[task.table] += 1
            self._rows.append(replace(task, first=is_first))
            self._changed.notify_all()

    def end(self, table: str, indexes: bytes | None) -> None:
        """Say that a table has no more rows; its indexes follow once all of them are committed."""
        with self._changed:
            self._later[table] = Task(table, indexes, rows=False) if indexes else None
            self._ripen(table)

    def finish(self) -> None:
        """Say that there will be no more."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def at_once(self, table: str | None) -> Task | None:
        """Take what a loader can do next without ending its transaction on a table."""
        with self._changed:
            if self._indexes or not self._rows or self._rows[0].table != table:
                return None
            return self._taken(self._rows)

    def take(self) -> Task | None:
        """Take the next task, indexes first; None once there will be no more."""
        with self._changed:
            while True:
                if self._indexes:
                    return self._taken(self._indexes)
                if self._rows:
                    return self._taken(self._rows)
                if self._finished and not self._busy:
                    return None
                self._wait()

    def committed(self, table: str, blocks: int) -> None:
        """Say that blocks of a table's rows are committed."""
        with self._changed:
            self._open[table] -= blocks
            self._busy -= blocks
            self._ripen(table)

    def built(self) -> None:
        """Say that a table's indexes are there."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _taken(self, tasks: deque[Task]) -> Task:
        self._busy += 1
        task = tasks.popleft()
        self._changed.notify_all()
        return task

    def _ripen(self, table: str) -> None:
        if not self._open[table] and table in self._later:
            task = self._later.pop(table)
            if task is not None:
                self._indexes.append(task)
        self._changed.notify_all()

    def _wait(self) -> None:
        self._scope.check()
        self._changed.wait()
        self._scope.check()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Loader:
    """One connection's part of the work."""

    command: Restore
    belt: Belt
    scope: Scope
    largest: int

    def work(self) -> Counter[str]:
        """Load and build until there is no more; returns the rows loaded, by table."""
        loaded: Counter[str] = Counter()
        with loading_session(self.command, self.scope) as session:
            session.autocommit(value=False)
            for task in iter(self.belt.take, None):
                self._do(session, task, loaded)
        return loaded

    def _do(self, session: Session, task: Task, loaded: Counter[str]) -> None:
        if not task.rows:
            session.send(task.statement)
            self.belt.built()
            return
        blocks = size = 0
        next_task: Task | None = task
        while next_task is not None:
            for part in rows_apart(next_task.statement, self.largest):
                loaded[task.table] += session.send(part)
            blocks += 1
            size += len(next_task.statement)
            ends = task.first or size >= COMMIT_BYTES
            next_task = None if ends else self.belt.at_once(task.table)
        session.commit()
        self.belt.committed(task.table, blocks)

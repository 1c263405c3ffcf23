"""Rows into tables, straight from the stream, and their indexes right behind them.

One loader alone truncates each large table in the transaction that fills it, so that its rows go in
frozen (PostgreSQL manual, COPY, FREEZE): nothing has to mark them as committed later, when indexes
read them or a vacuum would. Several loaders share a table's rows instead.

Commits are asynchronous: until promote the copy is disposable, and the first commit that waits,
promote's at the latest, makes all that came before it durable as well.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from envsync.commands.postgresql import Restore
from envsync.gateways.postgresql.archive import Archive, Entry
from envsync.gateways.postgresql.belt import Belt
from envsync.gateways.postgresql.copy_text import Piece
from envsync.gateways.postgresql.session import Session, connect, told
from envsync.gateways.postgresql.yard import Task, Yard
from envsync.gateways.scope import Scope

_AS_PG_RESTORE_SETS = ("ENCODING", "STDSTRINGS", "SEARCHPATH")
_FROM_STDIN = "FROM stdin;\n"
_FROM_STDIN_FROZEN = "FROM stdin WITH (FREEZE);\n"


@dataclass(frozen=True, slots=True)
class Loading:
    """What every loader and builder must know."""

    command: Restore
    archive: Archive
    options: str
    names: Mapping[int, str]
    of_extensions: frozenset[int]
    frozen: bool
    scope: Scope
    belt: Belt
    yard: Yard

    def work(self, *, loads: bool) -> dict[int, int]:
        """Load rows until there are no more, then build; returns rows by table."""
        with self._session() as session:
            rows = dict(self._load(session)) if loads else {}
            for task in iter(self.yard.take, None):
                self._build(session, task)
        return rows

    def set_sequences(self, sequences: Iterable[Entry]) -> None:
        """Set sequences to where the archive says they are."""
        with self._session() as session:
            for entry in sequences:
                with self._as_owner(session, entry), self._telling(entry):
                    session.execute(self.archive.encoded(entry.definition))

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with connect(self.command.target, self.scope, options=self.options) as session:
            for entry in self.archive.entries:
                if entry.description in _AS_PG_RESTORE_SETS:
                    session.execute(self.archive.encoded(entry.definition))
            self._become_owner(session)
            yield session

    def _load(self, session: Session) -> Iterator[tuple[int, int]]:
        while (first := self.belt.take()) is not None:
            entry = first.entry
            with self._as_owner(session, entry), self._telling(entry):
                loaded, weight = self._copy(session, first)
            yield entry.dump_id, loaded
            if self.belt.leave(entry):
                self.yard.rows_are_in(entry, weight)

    def _copy(self, session: Session, first: Piece) -> tuple[int, int]:
        """Load one table's pieces, or this loader's share; returns rows and bytes."""
        entry, weight = first.entry, 0
        piece: Piece | None = first
        frozen = self.frozen and not first.last and self._can_be_truncated(entry)
        with session.transaction(), session.cursor() as cursor:
            if frozen:
                cursor.execute(self.archive.encoded(f"TRUNCATE ONLY {self.names[entry.dump_id]}"))
            with cursor.copy(self._statement(entry, frozen=frozen)) as copy:
                while piece is not None:
                    copy.write(piece.text)
                    weight += len(piece.text)
                    piece = None if piece.last else self.belt.more(entry)
            return cursor.rowcount, weight

    def _can_be_truncated(self, entry: Entry) -> bool:
        """Tell whether a table is empty and its own: not one that its rows are only routed to."""
        goes_to_itself = entry.copy_statement.startswith(f"COPY {self.names[entry.dump_id]} ")
        return goes_to_itself and entry.dump_id not in self.of_extensions

    def _statement(self, entry: Entry, *, frozen: bool) -> bytes:
        statement = entry.copy_statement
        if frozen:
            statement = statement.removesuffix(_FROM_STDIN) + _FROM_STDIN_FROZEN
        return self.archive.encoded(statement)

    def _build(self, session: Session, task: Task) -> None:
        with self._telling(task.entry):
            session.execute(self.archive.encoded(task.entry.definition))
        self.yard.done(task)

    @contextmanager
    def _as_owner(self, session: Session, entry: Entry) -> Iterator[None]:
        """Act as the owner-to-be, except on what belongs to an extension."""
        if entry.dump_id not in self.of_extensions:
            yield
            return
        session.execute("RESET ROLE")
        yield
        self._become_owner(session)

    def _become_owner(self, session: Session) -> None:
        if self.command.role:
            session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(self.command.role)))

    @contextmanager
    def _telling(self, entry: Entry) -> Iterator[None]:
        """Name the entry in the server's error."""
        try:
            yield
        except psycopg.Error as error:
            self.scope.check()
            failure = told(error, self.command.target)
            raise type(failure)(f"cannot restore {entry}: {failure}") from error

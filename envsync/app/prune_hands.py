"""What a prune works with: hands that remove and remember, or a mouth that only says so."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from envsync.commands import Command, Measured
from envsync.errors import BusyError, EnvsyncError
from envsync.execution.outcome import State as Ended
from envsync.gateways import hands
from envsync.gateways.clock import SystemClock
from envsync.gateways.scope import SilentMeter
from envsync.inventory.model import Database
from envsync.running import State


@dataclass(frozen=True, slots=True)
class Came:
    """What a prune came to: how many pieces went, the bytes they took, what could not go."""

    removed: int = 0
    freed: int = 0
    problems: tuple[str, ...] = ()


class Told(Protocol):
    """Where a database's prune tells what it came to."""

    def tell(self, came: Came) -> None:
        """Tell it, once."""


class PruneHands(Protocol):
    """What a prune needs of the world."""

    @property
    def said(self) -> Sequence[str]:
        """What is to be shown of the commands."""

    def apart(self, lock: str) -> AbstractContextManager[None]:
        """Keep a database's push away; raises BusyError while it runs."""

    def refuse_busy(self, locks: Sequence[str]) -> None:
        """Raise BusyError while a step runs on this machine that may read what is removed."""

    def remembered(self, database: Database) -> AbstractContextManager[Told]:
        """Remember a database's prune from its beginning to its end."""

    def perform(self, command: Command) -> Measured:
        """Carry out a command."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Removes, under the locks of this machine, and remembers in its journal."""

    state: State
    said: Sequence[str] = ()

    @contextmanager
    def apart(self, lock: str) -> Iterator[None]:
        with self.state.locks.hold(lock):
            yield

    def refuse_busy(self, locks: Sequence[str]) -> None:
        refuse_busy(self.state, locks)

    @contextmanager
    def remembered(self, database: Database) -> Iterator[Told]:
        entry = self.state.journal.prune_begun(
            database.environment.name, database.key, SystemClock().now()
        )
        told = _Entry(self.state, entry)
        try:
            yield told
        except EnvsyncError as error:
            told.tell(Came(problems=(str(error),)))
            raise

    def perform(self, command: Command) -> Measured:
        with hands.session(SilentMeter()) as session:
            session.perform(command)
            return session.measured


@dataclass(frozen=True, slots=True)
class _Entry:
    """A prune in the journal; one that tells nothing was interrupted."""

    state: State
    number: int

    def tell(self, came: Came) -> None:
        reason = "; ".join((f"{came.removed} removed", *came.problems))
        ended = Ended.FAILED if came.problems else Ended.DONE
        self.state.journal.prune_ended(self.number, ended, reason, came.freed, SystemClock().now())


@dataclass(frozen=True, slots=True)
class Speaking:
    """Shows the commands, holds nothing and remembers nothing."""

    state: State
    said: list[str] = field(default_factory=list)

    @contextmanager
    def apart(self, lock: str) -> Iterator[None]:
        self.refuse_busy((lock,))
        yield

    def refuse_busy(self, locks: Sequence[str]) -> None:
        refuse_busy(self.state, locks)

    @contextmanager
    def remembered(self, database: Database) -> Iterator[Told]:
        del database
        yield _Nobody()

    def perform(self, command: Command) -> Measured:
        self.said.extend(command.lines())
        return Measured()


class _Nobody:
    """Is told, and forgets."""

    def tell(self, came: Came) -> None:
        del came


def refuse_busy(remembered: State, locks: Sequence[str]) -> None:
    """Raise BusyError while somebody holds one of the locks of this machine."""
    for name in locks:
        holder = remembered.locks.is_held(name)
        if holder is not None:
            raise BusyError(f"{holder}; prune again once it has ended")

"""The table of engines: each is a module with the same few functions."""

from collections.abc import Iterator
from typing import Protocol

from envsync.commands import Command, ObserveSwap, Question
from envsync.dbms import postgresql
from envsync.dbms.request import Request
from envsync.facts import PullFacts, PushFacts, SwapFacts
from envsync.inventory.model import Database, Dbms
from envsync.plan.model import Step


class Driver(Protocol):
    """How one engine is pushed and pulled: pure, steps and facts in, commands out."""

    def question(self, step: Step, request: Request) -> Question:
        """What must be known before the step acts."""

    def idle(self, facts: PushFacts | PullFacts) -> str | None:
        """Why there is rightly nothing to do here, if so: the server is a standby."""

    def refuse(self, step: Step, request: Request, facts: PushFacts | PullFacts) -> None:
        """Raise RefusedError where the step could not succeed; nothing has been touched yet."""

    def commands(
        self, step: Step, request: Request, facts: PushFacts | PullFacts
    ) -> Iterator[Command]:
        """What the step does, in order."""

    def abandon(self, step: Step, request: Request) -> Iterator[Command]:
        """What clears up after a step that failed halfway."""

    def rollback_question(self, database: Database) -> ObserveSwap:
        """What must be known before a rollback."""

    def rollback(self, database: Database, facts: SwapFacts) -> Iterator[Command]:
        """What makes the previous database live again; raises RefusedError without one."""


DRIVERS: dict[Dbms, Driver] = {Dbms.POSTGRESQL: postgresql}


def driver(database: Database) -> Driver:
    """Return the driver of a database's engine."""
    return DRIVERS[database.server.dbms]

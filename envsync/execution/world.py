"""What the executor is handed: hands that act, a clock, and what keeps steps apart."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from envsync.artefacts import Stamp
from envsync.commands import Command, Measured
from envsync.execution.clock import Clock
from envsync.execution.meeting import NoMeeting
from envsync.execution.outcome import Outcome
from envsync.execution.stop import Stop
from envsync.facts import Facts
from envsync.plan.model import Step
from envsync.questions import Question


class Session(Protocol):
    """One step's eyes and hands: looks, acts, and can be cancelled from another thread."""

    @property
    def measured(self) -> Measured:
        """All that has been measured so far."""

    def observe(self, question: Question) -> Facts:
        """Answer what a step must know; raises EnvsyncError where it cannot be known."""

    def perform(self, command: Command) -> None:
        """Carry out a command; raises EnvsyncError where it fails."""

    def cancel(self, reason: str) -> None:
        """Make whatever is under way end in InterruptedStepError."""


class Gateway(Protocol):
    """The way to the world, or to a screen that only shows what would be done."""

    def session(self, step: Step) -> AbstractContextManager[Session]:
        """Open a step's session; leaving it ends all that the step began."""


class Guard(Protocol):
    """What keeps a step apart from others on this machine, and the machine from rebooting."""

    def hold(self, step: Step, stop: Stop) -> AbstractContextManager[object]:
        """Hold the step's locks; raises RefusedError while the step runs elsewhere."""

    def look(self, step: Step) -> None:
        """Raise BusyError where the step would not be let begin at this moment; hold nothing."""


class Past(Protocol):
    """What earlier runs began."""

    def unfinished(self, step: Step, before: datetime) -> tuple[Stamp, ...]:
        """Return when runs of a step began that never ended, since the last that was done."""

    def has_begun(self, step: Step, second: Stamp) -> bool:
        """Tell whether a run of a step began within a second before."""


class NoPast:
    """Nothing has been before."""

    def unfinished(self, step: Step, before: datetime) -> tuple[Stamp, ...]:
        """Nothing is unfinished."""
        del step, before
        return ()

    def has_begun(self, step: Step, second: Stamp) -> bool:
        """Nothing has begun."""
        del step, second
        return False


class Groups(Protocol):
    """Where the pulls of a group wait for each other."""

    @property
    def waiting(self) -> frozenset[int]:
        """The steps that wait at this moment: they do nothing, and are in nobody's way."""

    def meet(self, step: Step, stamp: Stamp | None, check: Callable[[], None]) -> None:
        """Return once all of a step's group are ready; raises CommandError where one failed.

        `stamp` is of when its data is. `check` is asked now and then whether the step may go on.
        """

    def leave(self, outcome: Outcome) -> None:
        """Take note of how a step ended."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything a run needs that is not a value."""

    gateway: Gateway
    guard: Guard
    clock: Clock
    stop: Stop
    past: Past = field(default_factory=NoPast)
    groups: Groups = field(default_factory=NoMeeting)

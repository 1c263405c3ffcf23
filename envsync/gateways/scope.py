"""One step's hold on the world: what must be stopped when a signal or a deadline ends the step."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from envsync.errors import InterruptedStepError


class Meter(Protocol):
    """Where a step tells how far it is: the stage it has reached, and bytes moved in it."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of so many bytes; None where nobody knows."""

    def moved(self, count: int) -> None:
        """Add bytes to the stage."""


Meters = Callable[[str], Meter]
"""What makes a meter for a step, by the words it is shown with."""


class SilentMeter:
    """A meter nobody reads."""

    def stage(self, name: str, total: int | None) -> None:
        """Ignore the stage."""

    def moved(self, count: int) -> None:
        """Ignore the bytes."""


class Scope:
    """Cancels a step from another thread; everything that blocks is registered here.

    Safe to cancel at any time and more than once: the first reason is the one that is told.
    """

    def __init__(self, meter: Meter | None = None) -> None:
        self.meter: Meter = meter or SilentMeter()
        self._lock = threading.RLock()
        self._stops: list[Callable[[], None]] = []
        self._reason: str | None = None

    def cancel(self, reason: str) -> None:
        """End the step: stop all that is registered, and whatever registers later."""
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            stops = tuple(self._stops)
        for stop in stops:
            stop()

    @property
    def cancelled(self) -> bool:
        return self._reason is not None

    def check(self) -> None:
        """Raise InterruptedStepError once the step has been cancelled."""
        if self._reason is not None:
            raise InterruptedStepError(self._reason)

    def stoppable(self, stop: Callable[[], None]) -> AbstractContextManager[None]:
        """Have `stop` called, from another thread, if the step is cancelled meanwhile.

        Whatever fails because of the stop is told as the interruption it is.
        """
        return _Stoppable(self, stop)

    def register(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the step is cancelled; raises InterruptedStepError where it was."""
        with self._lock:
            self.check()
            self._stops.append(stop)

    def forget(self, stop: Callable[[], None]) -> None:
        """Call `stop` no more."""
        with self._lock:
            self._stops.remove(stop)


class _Stoppable:
    """The time in which a stop is registered with a scope."""

    def __init__(self, scope: Scope, stop: Callable[[], None]) -> None:
        self._scope = scope
        self._stop = stop

    def __enter__(self) -> None:
        self._scope.register(self._stop)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._scope.forget(self._stop)
        if error is not None:
            self._scope.check()

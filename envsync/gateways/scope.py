"""One step's hold on the world: what must be stopped when a signal or a deadline ends the step."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from envsync.errors import InterruptedStepError


class Meter(Protocol):
    """Where a step tells how far it is: the stage it has reached, and bytes moved in it."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of so many bytes; None where nobody knows."""

    def moved(self, count: int) -> None:
        """Add bytes to the stage."""


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

    @contextmanager
    def stoppable(self, stop: Callable[[], None]) -> Iterator[None]:
        """Have `stop` called, from another thread, if the step is cancelled meanwhile.

        Whatever fails because of the stop is told as the interruption it is.
        """
        with self._lock:
            self.check()
            self._stops.append(stop)
        try:
            yield
        except InterruptedStepError:
            raise
        except Exception:
            self.check()
            raise
        finally:
            with self._lock:
                self._stops.remove(stop)

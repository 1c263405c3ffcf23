"""A run's stop: asked for by a signal, obeyed by every step that runs and every step to come."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop:
    """Remembers the first reason to stop and cancels what is attached, also what comes later."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._cancels: list[Callable[[str], None]] = []
        self.reason: str | None = None

    def request(self, reason: str) -> None:
        """Ask everything to stop; safe in a signal handler, and more than once."""
        with self._lock:
            self.reason = self.reason or reason
            for cancel in tuple(self._cancels):
                cancel(self.reason)

    @property
    def requested(self) -> bool:
        return self.reason is not None

    @contextmanager
    def attached(self, cancel: Callable[[str], None]) -> Iterator[None]:
        """Have `cancel` called with the reason when a stop is asked for; at once if it was."""
        with self._lock:
            self._cancels.append(cancel)
            if self.reason is not None:
                cancel(self.reason)
        try:
            yield
        finally:
            with self._lock:
                self._cancels.remove(cancel)

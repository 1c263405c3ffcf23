"""What the executor asks of time; the real clock is handed in by the composition root."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time of day in UTC, a time that only goes forward, and a way to let it pass."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment, untouched when the time of day is set."""

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""

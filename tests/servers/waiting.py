"""Waiting for what a server does in its own time."""

import time
from collections.abc import Callable

PATIENCE = 120
"""Seconds after which a test that waits would hang: far more than anything takes, however busy."""


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; fail, naming what was waited for, if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


def another_second() -> None:
    """Wait for the clock's next second: an artefact is named after that of its push."""
    time.sleep(1 - time.time() % 1)

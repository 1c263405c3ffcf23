"""How far each step is: bars with bytes, rate and time left on a terminal, log lines elsewhere."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from envsync.gateways.scope import Meter

_DESCRIPTION_WIDTH = 48
Meters = Callable[[str], Meter]


class LogMeter:
    """Logs each command as it begins; sizes are told at the end of the step."""

    def __init__(self, logger: logging.Logger, step: str) -> None:
        self._logger = logger
        self._step = step

    def stage(self, name: str, total: int | None) -> None:
        """Log the stage, but not the streams within a command."""
        if total is None:
            self._logger.info("%s: %s", self._step, name)

    def moved(self, count: int) -> None:
        """Keep quiet: a log is no progress bar."""


class BarMeter:
    """One bar on the screen for one step."""

    def __init__(self, progress: Progress, step: str) -> None:
        self._progress = progress
        self._step = step
        self._task = progress.add_task(step, total=None)
        self._lock = threading.Lock()

    def stage(self, name: str, total: int | None) -> None:
        """Start the bar again for a new stage."""
        shown = name if len(name) <= _DESCRIPTION_WIDTH else name[: _DESCRIPTION_WIDTH - 1] + "…"
        with self._lock:
            self._progress.reset(self._task, total=total, description=f"{self._step}: {shown}")

    def moved(self, count: int) -> None:
        """Move the bar on."""
        self._progress.advance(self._task, count)


@contextmanager
def meters(logger: logging.Logger) -> Iterator[Meters]:
    """Yield what makes a step's meter: bars where standard error is a terminal, else log lines."""
    if not sys.stderr.isatty():
        yield lambda step: LogMeter(logger, step)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        yield lambda step: BarMeter(progress, step)


def terminal_handler() -> logging.Handler | None:
    """Return a handler that writes above progress bars; None where there is no terminal."""
    if not sys.stderr.isatty():
        return None
    return RichHandler(console=Console(stderr=True), show_path=False, show_time=False)

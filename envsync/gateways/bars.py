"""Progress bars on a terminal, and log lines above them; loaded only where there is a terminal."""

import logging
import threading
from collections.abc import Iterator
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

from envsync.gateways.scope import Meters

_DESCRIPTION_WIDTH = 48


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
def bars() -> Iterator[Meters]:
    """Yield what makes a bar for each step."""
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


def handler() -> logging.Handler:
    """Return a handler that writes above the bars."""
    return RichHandler(console=Console(stderr=True), show_path=False, show_time=False)

"""How far each step is: bars with bytes, rate and time left on a terminal, log lines elsewhere."""

import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Protocol, cast

from envsync.gateways.scope import Meters


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


class _Bars(Protocol):
    def bars(self) -> AbstractContextManager[Meters]: ...

    def handler(self) -> logging.Handler: ...


@contextmanager
def meters(logger: logging.Logger) -> Iterator[Meters]:
    """Yield what makes a step's meter: bars where standard error is a terminal, else log lines."""
    if not sys.stderr.isatty():
        yield lambda step: LogMeter(logger, step)
        return
    with _bars().bars() as made:
        yield made


def terminal_handler() -> logging.Handler | None:
    """Return a handler that writes above progress bars; None where there is no terminal."""
    return _bars().handler() if sys.stderr.isatty() else None


def _bars() -> _Bars:
    return cast("_Bars", import_module("envsync.gateways.bars"))

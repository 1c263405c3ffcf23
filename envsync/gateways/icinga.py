"""Delivers check results to monitoring, with bounded retries."""

import logging
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Protocol, cast

from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
)

from envsync.commands.reports import Report
from envsync.errors import UnavailableError
from envsync.places import IcingaApi, Nsca, Transport

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often delivery is tried, and for how long; in seconds.

    `timeout` bounds each wait of a try, `first_wait` doubles from try to try, and no try begins
    later than `total` after the first.
    """

    tries: int = 3
    first_wait: float = 0.25
    timeout: float = 2.0
    total: float = 5.0


PATIENCE = Patience()


def send(report: Report, patience: Patience = PATIENCE) -> None:
    """Deliver a check result, or raise once patience is at its end.

    Raises UnavailableError when the server was not there, CommandError when it will not take the
    result, RefusedError when the password cannot be found. None of them tells a secret.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(UnavailableError),
        wait=wait_exponential(multiplier=patience.first_wait),
        stop=stop_after_attempt(patience.tries) | stop_before_delay(patience.total),
        before_sleep=before_sleep_log(_LOGGER, logging.DEBUG),
        reraise=True,
    )
    attempts(_deliver, replace(report, message=one_line(report.message)), patience.timeout)


def examine(transport: Transport, patience: Patience = PATIENCE) -> str:
    """Say what answers there and that it would take results, without sending one.

    Raises EnvsyncError where it would not.
    """
    return _carrier(transport).examine(transport, patience.timeout)


def one_line(text: str) -> str:
    """Return a text that monitoring takes as a whole: on one line, printable, never empty.

    What follows a "|" would be read as performance data.
    """
    printable = "".join(
        character if character.isprintable() else " " for character in text.replace("|", "/")
    )
    return " ".join(printable.split()) or "no message"


def _deliver(report: Report, timeout: float) -> None:
    _carrier(report.transport).deliver(report.transport, report, timeout)


class _Carrier(Protocol):
    def deliver(self, transport: Transport, report: Report, timeout: float) -> None: ...

    def examine(self, transport: Transport, timeout: float) -> str: ...


def _carrier(transport: Transport) -> _Carrier:
    """Return who carries results there; the client of HTTP takes a while to load."""
    name = {Nsca: "nsca", IcingaApi: "icinga_api"}[type(transport)]
    return cast("_Carrier", import_module(f"envsync.gateways.{name}"))

"""Report outcomes to Icinga; what cannot be delivered is kept for the next run, never lost."""

import logging

from envsync.commands.reports import CheckCode, Report
from envsync.errors import EnvsyncError, UnavailableError
from envsync.execution.clock import Clock
from envsync.execution.journal import Journal
from envsync.execution.outcome import Outcome
from envsync.gateways.icinga import send
from envsync.inventory.model import Environment
from envsync.places import Transport
from envsync.plan.model import Plan
from envsync.reporting.icinga import report

_LOGGER = logging.getLogger(__name__)


class Monitoring:
    """One run's line to monitoring; a transport that did not answer is not tried again in it."""

    def __init__(self, journal: Journal, clock: Clock, host: str) -> None:
        self._journal = journal
        self._clock = clock
        self._host = host
        self._silent: set[Transport] = set()
        self._kept = 0

    def report(self, outcome: Outcome) -> None:
        """Deliver a step's result, or keep it."""
        if outcome.is_told_elsewhere:
            return
        result = report(outcome, self._host)
        if result is None:
            return
        environment = outcome.step.environment.name
        if self._delivered(result):
            self._journal.delivered(environment, result.service)
            return
        self._kept += 1
        self._journal.keep(
            environment, result.service, result.code, result.message, self._clock.now()
        )

    def deliver_kept(self, plan: Plan) -> None:
        """Deliver what earlier runs could not, to the environments this plan knows."""
        environments = {step.environment.name: step.environment for step in plan.steps}
        for kept in self._journal.undelivered():
            environment = environments.get(kept.environment)
            if environment is None or environment.icinga is None:
                continue
            result = self._result(environment, kept.service, kept.code, kept.message)
            if result is not None and self._delivered(result):
                self._journal.delivered(kept.environment, kept.service)

    def _result(
        self, environment: Environment, service: str, code: int, message: str
    ) -> Report | None:
        icinga = environment.icinga
        if icinga is None:
            return None
        host = icinga.report_as or self._host
        return Report(icinga.transport, host, service, CheckCode(code), message)

    def undelivered_text(self) -> str:
        """Say how many results monitoring has not got; nothing where it has them all."""
        if not self._kept:
            return ""
        results = "check result" if self._kept == 1 else "check results"
        return f"; {self._kept} {results} could not be delivered, the next run sends them"

    def _delivered(self, result: Report) -> bool:
        if result.transport in self._silent:
            return False
        try:
            send(result)
        except EnvsyncError as error:
            if isinstance(error, UnavailableError):
                self._silent.add(result.transport)
            _LOGGER.warning("cannot report to Icinga: %s", error)
            return False
        return True

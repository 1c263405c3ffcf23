"""Run a plan for real or in words: executor, journal, monitoring and narrative put together."""

import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType

from envsync.artefacts import Stamp
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.execution.executor import Event, Run, Started, execute
from envsync.execution.guard import MachineGuard, OpenGuard
from envsync.execution.holds import Holds
from envsync.execution.journal import Journal
from envsync.execution.lock import StepLocks
from envsync.execution.meeting import Meeting
from envsync.execution.outcome import Outcome, exit_code
from envsync.execution.outcome import State as Ended
from envsync.execution.reboot_lock import sweep_reboot_lock
from envsync.execution.stop import Stop
from envsync.execution.trial import Tried, try_out
from envsync.execution.world import World
from envsync.gateways import hands
from envsync.gateways.clock import SystemClock
from envsync.gateways.logs import set_up, tell
from envsync.gateways.progress import meters, terminal_handler
from envsync.gateways.scope import Meters
from envsync.gateways.speaking import Say, Speaking
from envsync.monitoring import Monitoring
from envsync.plan.model import Plan, Step
from envsync.reporting.narration import fields, line, severity, summary

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """Where envsync keeps what it must remember on this machine."""

    folder: Path

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "journal.sqlite")

    @property
    def holds(self) -> Holds:
        return Holds(self.folder / "journal.sqlite")

    @property
    def locks(self) -> StepLocks:
        return StepLocks(self.folder / "locks", SystemClock())


def state() -> State:
    """Return ENVSYNC_STATE, else the usual folder of the system or of the user."""
    named = os.environ.get("ENVSYNC_STATE")
    if named:
        return State(Path(named))
    if os.geteuid() == 0:
        return State(Path("/var/lib/envsync"))
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return State(Path(home) / "envsync")


def today() -> date:
    """Return the day it is in UTC."""
    return SystemClock().now().date()


def speak(plan: Plan, run: Run, say: Say) -> int:
    """Show every command of a plan, in order; return the exit code the run would begin with."""
    clock = SystemClock()
    with stopping() as stop:
        world = World(Speaking(say), OpenGuard(), clock, stop, state().journal)
        outcomes = [event for event in execute(plan, run, world) if isinstance(event, Outcome)]
    for outcome in outcomes:
        if not outcome.healthy or outcome.warnings or outcome.state is Ended.SKIPPED:
            say(f"# {line(outcome)}")
    return exit_code(outcomes)


def act(plan: Plan, run: Run, log_format: str) -> int:
    """Carry out a plan, remember and report every step; return the exit code."""
    logger = set_up(log_format, terminal_handler() if log_format == "plain" else None)
    remembered = state()
    clock = SystemClock()
    monitoring = Monitoring(remembered.journal, clock, socket.getfqdn())
    monitoring.deliver_kept(plan)
    for step in plan.steps:
        if step.environment.reboot_lock:
            sweep_reboot_lock(
                step.environment.reboot_lock.directory, step.environment.reboot_lock.name
            )
    with stopping() as stop, meters(logger) as made:
        guard = MachineGuard(remembered.locks)
        meeting = Meeting(plan)
        world = World(_RealGateway(made), guard, clock, stop, remembered.journal, meeting)
        memory = _Memory(remembered.journal, clock)
        memory.plan(plan)
        events = memory.remembered(execute(plan, run, world))
        outcomes = list(_told(events, logger, monitoring))
    tell(logger, "INFO", f"{summary(outcomes)}{monitoring.undelivered_text()}", {})
    return max(exit_code(outcomes), 1) if memory.has_gaps else exit_code(outcomes)


def try_step(step: Step, timestamp: str | None) -> Tried:
    """Try a pull out, telling how it goes as a run does; nothing of it is remembered."""
    logger = set_up("plain", terminal_handler())
    clock = SystemClock()
    reboot = step.environment.reboot_lock
    if reboot:
        sweep_reboot_lock(reboot.directory, reboot.name)
    with stopping() as stop, meters(logger) as made:
        world = World(_RealGateway(made), MachineGuard(state().locks), clock, stop)
        return try_out(step, Request(Stamp.of(clock.now()), timestamp), world)


def speak_trial(step: Step, timestamp: str | None, say: Say) -> Tried:
    """Show every command of a trial, in order."""
    clock = SystemClock()
    with stopping() as stop:
        world = World(Speaking(say), OpenGuard(), clock, stop)
        return try_out(step, Request(Stamp.of(clock.now()), timestamp), world)


@dataclass(frozen=True, slots=True)
class _RealGateway:
    meters: Meters

    def session(self, step: Step) -> AbstractContextManager[hands.Hands]:
        return hands.session(self.meters(str(step.action)))


class _Memory:
    """One run's journal; a run that has begun goes on where the journal cannot be written."""

    def __init__(self, journal: Journal, clock: SystemClock) -> None:
        self._journal = journal
        self._clock = clock
        self.has_gaps = False

    def plan(self, plan: Plan) -> None:
        """Remember what is going to be done; raises RefusedError where that cannot be."""
        now = self._clock.now()
        self._journal.plan(f"{now:%Y-%m-%dT%H:%M:%SZ}-{os.getpid()}", plan, now)

    def remembered(self, events: Iterator[Event]) -> Iterator[Event]:
        """Write each event into the journal before anybody is told of it."""
        for event in events:
            try:
                match event:
                    case Started(step, at):
                        self._journal.start(step, at)
                    case Outcome():
                        self._journal.end(event, self._clock.now())
            except RefusedError as error:
                self.has_gaps = True
                _LOGGER.warning("status and history will not know of this: %s", error)
            yield event


def _told(
    events: Iterator[Event], logger: logging.Logger, monitoring: Monitoring
) -> Iterator[Outcome]:
    for event in events:
        tell(logger, severity(event), line(event), fields(event))
        if isinstance(event, Outcome):
            monitoring.report(event)
            yield event


@contextmanager
def stopping() -> Iterator[Stop]:
    """Turn SIGTERM and Ctrl-C into a stop that lets steps unwind; a second one ends at once."""
    stop = Stop()
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, usual[signal.Signals(number)])
        stop.request(f"interrupted by {signal.Signals(number).name}")

    for number in usual:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)

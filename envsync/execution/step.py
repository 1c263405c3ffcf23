"""Carry out one step: look, refuse or act, clear up after a failure, tell how it ended."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from envsync.artefacts import ArtefactKey, Stamp
from envsync.commands import Command, Measured
from envsync.commands.steps import Meet
from envsync.dbms import drivers
from envsync.dbms.drills import restored
from envsync.dbms.request import Fault, Request
from envsync.dbms.spooling import spooled
from envsync.errors import (
    BusyError,
    CommandError,
    EnvsyncError,
    RefusedError,
    UnavailableError,
    UnsoundError,
)
from envsync.execution.outcome import Outcome, State
from envsync.execution.world import Session, World
from envsync.facts import Facts, PullFactsBase
from envsync.plan.model import Clean, Push, Step, Verify

CLEARING_UP = timedelta(minutes=2)
"""How long clearing up after a failure may take; no signal and no deadline ends it before."""


def carry_out(step: Step, request: Request, world: World) -> Outcome:
    """Return how a step ended; whatever it began is ended, undone or done when this returns.

    Health starts as not claimed: only the last line of a step that did all its work claims it.
    """
    begun = world.clock.monotonic()
    draft = _Draft(step)
    try:
        with world.guard.hold(step, world.stop):
            begun = world.clock.monotonic()
            died = world.past.unfinished(step, request.now.moment)
            _act(draft, spooled(step), replace(request, died=died), world)
    except EnvsyncError as error:
        draft.failed(error)
    return replace(draft.outcome, seconds=world.clock.monotonic() - begun)


class _Draft:
    """An outcome in the making, for the length of one step."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.outcome = Outcome(step, State.FAILED, reason="it did not end")
        self._measured = Measured()
        self._seen: Facts = Facts()
        self.fault: Fault | None = None

    @property
    def dumped(self) -> bool:
        """Tell whether a push has written an artefact, with a manifest or without."""
        return self._measured.bytes > 0

    def perform(self, session: Session, command: Command) -> None:
        """Carry out a command; from the first one that acts and is not refused it has touched."""
        before = self.outcome
        self.outcome = replace(before, touched=before.touched or not command.prepares)
        try:
            session.perform(command)
        except RefusedError:
            self.outcome = before
            raise
        except CommandError as error:
            if command.proves and not isinstance(error, UnavailableError):
                self._blame(str(error), session.measured)
            raise

    @property
    def restored(self) -> ArtefactKey | None:
        """The artefact that the step takes, once it has been seen."""
        return restored(self._step, self._seen)

    def see(self, facts: Facts) -> None:
        """Keep what the step saw before it acted."""
        self._seen = facts

    def _blame(self, reason: str, measured: Measured) -> None:
        key = self.restored
        if key is not None and isinstance(self._seen, PullFactsBase):
            self.fault = Fault(key, reason, measured, self._seen.server_version)

    def unsound(self, error: UnsoundError) -> None:
        """Keep that an artefact is not what its manifest says, as far as it was looked at."""
        key = ArtefactKey.parse(error.artefact)
        if key and self.fault is None:
            self.fault = Fault(key, str(error), Measured())

    def remember(self, measured: Measured) -> None:
        """Keep what was done: a step can fail after its dump, and after its promote."""
        self._measured = measured
        self.outcome = replace(self.outcome, measured=Measured(data_of=measured.data_of))

    def failed(self, error: EnvsyncError) -> None:
        self.outcome = replace(
            self.outcome,
            state=State.FAILED,
            healthy=False,
            reason=str(error),
            is_told_elsewhere=isinstance(error, BusyError),
        )

    def done(self, session: Session, artefact: ArtefactKey | None) -> None:
        measured = session.measured
        self.outcome = replace(
            self.outcome,
            state=State.DONE,
            reason="",
            measured=measured,
            artefact=artefact,
            warnings=measured.warnings,
            healthy=True,
        )


def _act(draft: _Draft, step: Step, request: Request, world: World) -> None:
    engine = drivers.step_driver(step)
    with (
        _cleared_up(draft, step, request, world),
        world.gateway.session(step) as session,
        world.stop.attached(session.cancel),
        deadline(step, session),
    ):
        facts = session.observe(engine.question(step, request))
        draft.see(facts)
        idle = drivers.idle(step, facts)
        if idle is not None:
            draft.outcome = replace(draft.outcome, state=State.SKIPPED, reason=idle, healthy=True)
            return
        engine.refuse(step, request, facts)
        try:
            for command in drivers.commands(step, request, facts):
                draft.perform(session, command)
                if isinstance(command, Meet):
                    world.groups.meet(step, _stamp(facts), partial(session.perform, command))
        finally:
            draft.remember(session.measured)
        draft.done(session, session.measured.artefact or _artefact(step, request, facts))


def _stamp(facts: Facts) -> Stamp | None:
    """Return when the data of a pull was taken."""
    if isinstance(facts, PullFactsBase) and facts.manifest is not None:
        return Stamp.parse(facts.manifest.stamp)
    return None


def _artefact(step: Step, request: Request, facts: Facts) -> ArtefactKey | None:
    """Return what a push or a cleaning has made, or what a drill has verified."""
    match step.action:
        case Push(database):
            return drivers.driver(database).artefact(database, request.now)
        case Clean() | Verify():
            return restored(step, facts)
        case _:
            return None


@contextmanager
def _cleared_up(draft: _Draft, step: Step, request: Request, world: World) -> Iterator[None]:
    """Undo what a step began if it does not end well, in a session that nobody has cancelled.

    Not after a step that never got to act: what is there then belongs to somebody else. What it
    found wrong with its artefact is told all the same.
    """
    try:
        yield
    except UnsoundError as error:
        draft.unsound(error)
        raise
    finally:
        if (draft.outcome.touched or draft.fault) and not draft.outcome.healthy:
            _abandon(draft, step, request, world)


def _abandon(draft: _Draft, step: Step, request: Request, world: World) -> None:
    asked = replace(
        request,
        dumped=draft.dumped,
        touched=draft.outcome.touched,
        restored=draft.restored,
        fault=draft.fault,
    )
    cleared = clear_up(step, asked, world)
    outcome = replace(draft.outcome, touched=draft.outcome.touched or cleared.touched)
    if cleared.left:
        outcome = replace(outcome, warnings=(*outcome.warnings, cleared.left))
    draft.outcome = outcome


@dataclass(frozen=True, slots=True)
class Cleared:
    """What clearing up came to: why something is left, "" where nothing is.

    It has `touched` where it did anything: the result of a drill is written then, too.
    """

    left: str = ""
    touched: bool = False


def clear_up(step: Step, request: Request, world: World) -> Cleared:
    """Undo what a step began, in a session of its own, and tell what it found."""
    cleared = Cleared()
    try:
        with world.gateway.session(step) as session, _patience(session):
            for command in drivers.abandon(step, request):
                session.perform(command)
                cleared = Cleared(touched=True)
    except EnvsyncError as error:
        return replace(cleared, left=f"clearing up failed, the next run does it: {error}")
    return cleared


@contextmanager
def deadline(step: Step, session: Session) -> Iterator[None]:
    """Cancel the step when its time is up."""
    allowed = step.options.deadline
    if allowed is None:
        yield
        return
    with _ended_after(allowed, session, f"its deadline of {allowed} has passed"):
        yield


def _patience(session: Session) -> AbstractContextManager[None]:
    """End clearing up that a server keeps waiting: the next run begins with it."""
    return _ended_after(CLEARING_UP, session, f"it took longer than {CLEARING_UP}")


@contextmanager
def _ended_after(allowed: timedelta, session: Session, reason: str) -> Iterator[None]:
    timer = threading.Timer(allowed.total_seconds(), session.cancel, (reason,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

"""Try a pull out: all up to its checks, then what that changed; the quarantine always goes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace

from envsync.changes import TableChanges
from envsync.commands import Command
from envsync.commands.trial import RememberRows, TellChanges
from envsync.dbms.drivers import driver, trial
from envsync.dbms.request import Request
from envsync.dbms.spooling import spooled
from envsync.errors import CommandError, EnvsyncError, RefusedError
from envsync.execution.step import clear_up, deadline
from envsync.execution.world import Session, World
from envsync.plan.model import Step


@dataclass(frozen=True, slots=True)
class Tried:
    """How a trial ended: what changed, and why it is no success, if it is none.

    `touched` is False where it was refused before anything was done. `looked` is True where all
    rows have been compared: what changed is then known, also where a script or a check failed.
    """

    step: Step
    reason: str = ""
    changes: tuple[TableChanges, ...] = ()
    warnings: tuple[str, ...] = ()
    touched: bool = False
    looked: bool = False

    @property
    def exit_code(self) -> int:
        """0 where script and checks passed and nothing is left behind, 2 where it was refused."""
        if not self.reason:
            return 0
        return 1 if self.touched else 2


def try_out(step: Step, request: Request, world: World) -> Tried:
    """Return what a pull would change; what it restored is gone when this returns.

    A signal is heard meanwhile, for the work is done in a thread of its own.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="trial") as pool:
        future = pool.submit(_held, step, request, world)
        while not wait((future,), timeout=1.0).done:
            pass
    return future.result()


class _Draft:
    """A trial in the making, for its length."""

    def __init__(self, step: Step) -> None:
        self.tried = Tried(step)
        self._remembers = False

    def failed(self, error: EnvsyncError) -> None:
        """Keep the first reason: what fails later may well follow from it."""
        self.tried = replace(self.tried, reason=self.tried.reason or str(error))

    def perform(self, session: Session, command: Command) -> None:
        """Carry out a command; once rows are remembered, one that fails ends no more than itself.

        From then on, only the comparison is still to be made.
        """
        if self.tried.reason and not isinstance(command, TellChanges):
            return
        before = self.tried
        self.tried = replace(before, touched=before.touched or not command.prepares)
        try:
            session.perform(command)
        except RefusedError:
            self.tried = before
            raise
        except CommandError as error:
            if not self._remembers:
                raise
            self.failed(error)
        else:
            self._remembers = self._remembers or isinstance(command, RememberRows)
            self._keep(session, looked=isinstance(command, TellChanges))

    def _keep(self, session: Session, *, looked: bool) -> None:
        measured = session.measured
        self.tried = replace(
            self.tried, changes=measured.changes, warnings=measured.warnings, looked=looked
        )


def _held(step: Step, request: Request, world: World) -> Tried:
    draft = _Draft(step)
    try:
        with world.guard.hold(step, world.stop):
            _try(draft, spooled(step), request, world)
    except EnvsyncError as error:
        draft.failed(error)
    return draft.tried


def _try(draft: _Draft, step: Step, request: Request, world: World) -> None:
    engine = driver(step.database)
    with (
        _dropped(draft, step, request, world),
        world.gateway.session(step) as session,
        world.stop.attached(session.cancel),
        deadline(step, session),
    ):
        facts = session.observe(engine.question(step, request))
        idle = engine.idle(facts)
        if idle is not None:
            raise RefusedError(f"{step.database} cannot be tried here: {idle}")
        engine.refuse(step, request, facts)
        for command in trial(step, request, facts):
            draft.perform(session, command)


@contextmanager
def _dropped(draft: _Draft, step: Step, request: Request, world: World) -> Iterator[None]:
    """Drop what the trial restored, however it ends, in a session that nobody has cancelled."""
    try:
        yield
    finally:
        if draft.tried.touched:
            cleared = clear_up(step, replace(request, touched=True), world)
            if cleared.left:
                draft.failed(CommandError(cleared.left))

"""Walk a plan: run what is ready, skip what cannot run any more, tell how each step ended."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime

from envsync.artefacts import Manifest, Stamp
from envsync.commands.artefacts import Publish
from envsync.dbms.drivers import idle, step_driver
from envsync.dbms.request import Request
from envsync.dbms.spooling import spooled
from envsync.errors import BusyError, EnvsyncError
from envsync.execution.outcome import Outcome, State
from envsync.execution.step import carry_out
from envsync.execution.world import World
from envsync.facts import PullFactsBase
from envsync.places import Endpoint
from envsync.plan.hold import NOTHING_HELD, Held
from envsync.plan.model import Clean, Copy, Plan, Pull, Push, Step, Verify

_HEARING = 0.5
"""Seconds after which a walk looks again: for signals, and for steps that wait for their group."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a plan is walked: how many steps at once, and which artefact an operator asked for.

    A careful run looks at every step before the first one acts, and acts only if none is refused.
    `allow_mass_delete` lets copies delete more than their share. `allow_shrink` is why artefacts
    may be much smaller than those before them, "" where they may not. What is `held` is left alone.
    """

    jobs: int = 1
    timestamp: str | None = None
    careful: bool = False
    allow_mass_delete: bool = False
    held: Held = NOTHING_HELD
    allow_shrink: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A step has begun, at a moment."""

    step: Step
    at: datetime


Event = Started | Outcome


@dataclass(slots=True)
class _Walk:
    """Where a walk stands, for the length of one run."""

    waiting: list[Step]
    running: dict[Future[Outcome], Step] = field(default_factory=dict)
    ended: dict[int, Outcome] = field(default_factory=dict)


def execute(plan: Plan, run: Run, world: World) -> Iterator[Event]:
    """Yield the start and the outcome of every step; a step runs when all it needs is done.

    A bug in a step ends the walk: the others are stopped and told, then it is raised.
    """
    walk = _Walk(list(plan.steps))
    if run.careful:
        yield from _look_first(walk, run, world)
    bug: BaseException | None = None
    threads = run.jobs + sum(step.group is not None for step in plan.steps)
    with ThreadPoolExecutor(threads, thread_name_prefix="step") as pool:
        while walk.waiting or walk.running:
            yield from _remembered(walk, _paused(walk, run.held), world)
            yield from _remembered(walk, _skipped(walk, world), world)
            yield from _started(walk, run, world, pool)
            for future in _ended(walk):
                step = walk.running.pop(future)
                bug = future.exception() or bug
                if bug is not None:
                    world.stop.request(f"a bug in envsync ended the run: {_told(bug)}")
                ended = _warned(_outcome(future, step), run.held)
                yield from _remembered(walk, (ended,), world)
    if bug is not None:
        raise bug


def _outcome(future: Future[Outcome], step: Step) -> Outcome:
    bug = future.exception()
    if bug is None:
        return future.result()
    return Outcome(step, State.FAILED, reason=f"a bug in envsync: {_told(bug)}", touched=True)


def _warned(outcome: Outcome, held: Held) -> Outcome:
    """Say beside how a step ended that a hold of it is past its date."""
    overdue = held.overdue.get(outcome.step.number)
    return replace(outcome, warnings=(*outcome.warnings, overdue)) if overdue else outcome


def _paused(walk: _Walk, held: Held) -> Iterator[Outcome]:
    """Leave alone what somebody holds; what needs it goes on with what there is."""
    for step in list(walk.waiting):
        reason = held.paused.get(step.number)
        if reason is not None:
            walk.waiting.remove(step)
            yield Outcome(step, State.SKIPPED, reason=reason, healthy=True)


def _told(bug: BaseException) -> str:
    """Say what a bug is and where, but not its own words: they may quote a row or a secret."""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(bug).__name__
    code = trace.tb_frame.f_code
    file = code.co_filename.rpartition("/")[2]
    return f"{type(bug).__name__} in {code.co_qualname} ({file}, line {trace.tb_lineno})"


def _remembered(walk: _Walk, outcomes: Iterable[Outcome], world: World) -> Iterator[Outcome]:
    """Yield outcomes once those who wait for them can know."""
    for outcome in outcomes:
        walk.ended[outcome.step.number] = outcome
        world.groups.leave(outcome)
        yield outcome


def _look_first(walk: _Walk, run: Run, world: World) -> Iterator[Event]:
    """Refuse the whole run where one of its steps would be refused."""
    refused = {}
    foreseen: dict[int, Manifest] = {}
    for step in walk.waiting:
        try:
            world.guard.look(step)
            _look(
                spooled(step),
                _request(walk, step, run, world.clock.now(), looking=True),
                world,
                foreseen,
            )
        except EnvsyncError as error:
            refused[step.number] = Outcome(
                step,
                State.FAILED,
                reason=str(error),
                is_told_elsewhere=isinstance(error, BusyError),
            )
    if not refused:
        return
    culprit = next(iter(refused.values())).step.action
    for step in walk.waiting:
        spared = Outcome(
            step, State.SKIPPED, reason=f"nothing was touched, as {culprit} is refused"
        )
        yield from _remembered(walk, (refused.get(step.number, spared),), world)
    walk.waiting.clear()


def _look(step: Step, request: Request, world: World, foreseen: dict[int, Manifest]) -> None:
    """Raise what would refuse a step; a pull is shown the manifest of what is made before it.

    So a target that is too old or too small is told of before the push, not after it.
    """
    engine = step_driver(step)
    with world.gateway.session(step) as session, world.stop.attached(session.cancel):
        facts = session.observe(engine.question(step, request))
        if idle(step, facts) is not None:
            return
        pushed = foreseen.get(step.restores) if step.restores is not None else None
        if pushed is not None and isinstance(facts, PullFactsBase):
            facts = replace(facts, manifest=pushed)
        engine.refuse(step, request, facts)
    if isinstance(step.action, Push | Clean):
        for command in engine.commands(step, request, facts):
            if isinstance(command, Publish):
                foreseen[step.number] = command.manifest


def _skipped(walk: _Walk, world: World) -> Iterator[Outcome]:
    """Skip what waits for a step that was not done, and after a stop everything."""
    for step in list(walk.waiting):
        reason = world.stop.reason or _culprit(walk, step)
        if reason is not None:
            walk.waiting.remove(step)
            yield Outcome(step, State.SKIPPED, reason=reason)


def _culprit(walk: _Walk, step: Step) -> str | None:
    """Name the step that failed, however many skipped ones lie between; None if there is none."""
    for need in step.needs:
        other = walk.ended.get(need)
        if other is None or other.state is State.DONE or other.healthy:
            continue
        if other.state is State.SKIPPED:
            return other.reason
        return f"needs {other.step.action}, which failed"
    return None


def _started(walk: _Walk, run: Run, world: World, pool: ThreadPoolExecutor) -> Iterator[Started]:
    """Start what is ready, as far as the run's jobs and the servers' limits allow.

    What waits for others of its group takes up neither.
    """
    waiting = world.groups.waiting
    working = [step for step in walk.running.values() if step.number not in waiting]
    busy = Counter(step.server.endpoint for step in working if step.server)
    free = run.jobs - len(working)
    for step in list(walk.waiting):
        if free <= 0:
            return
        if not _is_ready(walk, step) or not _is_borne(step, busy):
            continue
        if step.server:
            busy[step.server.endpoint] += 1
        walk.waiting.remove(step)
        free -= 1
        began = _moment(step, world)
        yield Started(step, began)
        request = _request(walk, step, run, began, looking=False)
        walk.running[pool.submit(carry_out, step, request, world)] = step


def _moment(step: Step, world: World) -> datetime:
    """Return when a step begins: in a second of its own, after which what it leaves is named."""
    now = world.clock.now()
    try:
        while world.past.has_begun(step, Stamp.of(now)):
            world.clock.sleep(1 - now.microsecond / 1_000_000)
            now = world.clock.now()
    except EnvsyncError:
        # The step asks its past as well, and tells why that cannot be known: the others go on.
        return now
    return now


def _is_borne(step: Step, busy: Mapping[Endpoint, int]) -> bool:
    return step.server is None or busy.get(step.server.endpoint, 0) < step.server.max_parallel


def _is_ready(walk: _Walk, step: Step) -> bool:
    return all(need in walk.ended for need in step.needs)


def _ended(walk: _Walk) -> set[Future[Outcome]]:
    """Wait for a step to end; wakes up now and then, so that signals are heard."""
    return wait(walk.running, timeout=_HEARING, return_when=FIRST_COMPLETED).done


def _request(walk: _Walk, step: Step, run: Run, now: datetime, *, looking: bool) -> Request:
    own = walk.ended.get(step.restores) if step.restores is not None else None
    return Request(
        now=Stamp.of(now),
        timestamp=run.timestamp if isinstance(step.action, Pull | Verify) else None,
        pushed=own.artefact if own else None,
        awaited=looking and _is_awaited(step),
        allow_mass_delete=run.allow_mass_delete,
        allow_shrink=run.allow_shrink,
    )


def _is_awaited(step: Step) -> bool:
    """Tell whether what a step reads is there only once another one has run."""
    return step.restores is not None or (isinstance(step.action, Copy) and bool(step.needs))

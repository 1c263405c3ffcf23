"""A plan is walked by one rule: a step runs when all it needs is done, else it names the culprit."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from envsync.commands import Command, Measured
from envsync.commands.artefacts import Publish
from envsync.commands.postgresql import Claim, DropDatabase, Dump, RunScript
from envsync.errors import CommandError, InterruptedStepError, RefusedError
from envsync.execution.executor import Event, Run, Started, execute
from envsync.execution.guard import OpenGuard
from envsync.execution.outcome import Outcome, State, exit_code
from envsync.execution.stop import Stop
from envsync.execution.world import World
from envsync.facts.postgresql import Client, PullFacts, PushFacts
from envsync.plan.expand import expand
from envsync.plan.hold import Held
from envsync.plan.model import Plan, Step
from envsync.questions import PullQuestion, Question
from tests.fleet import CHAINED, MANIFEST, PULL_FACTS, PUSH_FACTS, SERVER, SHARED, inventory

Act = Callable[["Recorder", Command], None]


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 2, 40, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class Recorder:
    """A session that writes down what it is told, and may act as a test wants it to."""

    def __init__(self, step: Step, gateway: "Recording") -> None:
        self.step = step
        self.gateway = gateway
        self.measured = Measured()
        self.cancelled = threading.Event()

    def observe(self, question: Question) -> PushFacts | PullFacts:
        self.gateway.observed.append(str(self.step.action))
        if not isinstance(question, PullQuestion):
            return self.gateway.push_facts
        manifest = MANIFEST.model_copy(
            update={
                "environment": question.wanted.environment,
                "database": question.wanted.database,
                "name": question.wanted.name,
            }
        )
        return replace(PULL_FACTS, manifest=None if question.wanted.awaited else manifest)

    def perform(self, command: Command) -> None:
        self.gateway.performed.append((str(self.step.action), command))
        act = self.gateway.acts.get((str(self.step.action), type(command)))
        if act is not None:
            act(self, command)

    def cancel(self, reason: str) -> None:
        self.cancelled.set()


class Recording:
    def __init__(self, acts: Mapping[tuple[str, type[Command]], Act] | None = None) -> None:
        self.acts = dict(acts or {})
        self.performed: list[tuple[str, Command]] = []
        self.observed: list[str] = []
        self.push_facts = PUSH_FACTS

    @contextmanager
    def session(self, step: Step) -> Iterator[Recorder]:
        yield Recorder(step, self)


def failing(recorder: Recorder, command: Command) -> None:
    raise CommandError("the disk is full")


def walk(plan: Plan, gateway: Recording, run: Run | None = None) -> list[Event]:
    world = World(gateway, OpenGuard(), FixedClock(), Stop())
    return list(execute(plan, run or Run(), world))


def ended(events: list[Event]) -> list[tuple[str, State, str]]:
    return [(str(e.step.action), e.state, e.reason) for e in events if isinstance(e, Outcome)]


PUSH = "push publishing_api from production"
STAGING = "pull publishing_api into staging"
INTEGRATION = "pull publishing_api into integration"


def test_a_pull_starts_when_its_push_is_done() -> None:
    events = walk(expand(SHARED), Recording())
    assert [str(event.step.action) for event in events] == [
        PUSH,
        PUSH,
        STAGING,
        STAGING,
        INTEGRATION,
        INTEGRATION,
    ]


def test_a_failure_skips_only_what_needs_it_and_names_the_culprit() -> None:
    plan = expand(inventory(*SHARED.syncs, *CHAINED.syncs))
    gateway = Recording({(PUSH, Dump): failing})
    assert ended(walk(plan, gateway))[:5] == [
        (PUSH, State.FAILED, "the disk is full"),
        (STAGING, State.SKIPPED, f"needs {PUSH}, which failed"),
        (INTEGRATION, State.SKIPPED, f"needs {PUSH}, which failed"),
        ("push content_tagger from production", State.DONE, ""),
        ("pull content_tagger into staging", State.DONE, ""),
    ]


def test_the_last_of_a_chain_names_the_first_culprit() -> None:
    first = "push content_tagger from production"
    events = walk(expand(CHAINED), Recording({(first, Dump): failing}))
    assert ended(events)[-1][2] == f"needs {first}, which failed"


def test_a_failed_step_is_cleared_up() -> None:
    gateway = Recording({(STAGING, RunScript): failing})
    walk(expand(SHARED), gateway)
    last = [command for action, command in gateway.performed if action == STAGING][-1]
    assert last == DropDatabase(
        SHARED.syncs[0].target.server.endpoint, "publishing_api_production__incoming"
    )


def test_a_step_that_was_refused_clears_nothing_up() -> None:
    def refuse(recorder: Recorder, command: Command) -> None:
        raise RefusedError("another envsync is restoring it")

    gateway = Recording({(STAGING, Claim): refuse})
    walk(expand(SHARED), gateway)
    assert [type(c) for action, c in gateway.performed if action == STAGING] == [Claim]


def test_a_careful_run_touches_nothing_where_one_step_is_refused() -> None:
    gateway = Recording()
    gateway.push_facts = replace(PUSH_FACTS, source=None)
    events = walk(expand(SHARED), gateway, Run(careful=True))
    assert gateway.performed == []
    assert [state for _, state, _ in ended(events)] == [State.FAILED, State.SKIPPED, State.SKIPPED]


def test_a_careful_run_looks_at_pulls_before_their_push_has_run() -> None:
    gateway = Recording()
    walk(expand(SHARED), gateway, Run(careful=True))
    assert gateway.observed[:3] == [PUSH, STAGING, INTEGRATION]


def test_a_careful_run_is_refused_before_a_push_whose_target_is_too_old() -> None:
    gateway = Recording()
    newer = replace(SERVER, version=170000, version_text="17.1")
    clients = (*PUSH_FACTS.clients, Client(17, "17.1", "/usr/lib/postgresql/17/bin"))
    gateway.push_facts = replace(PUSH_FACTS, server=newer, clients=clients)
    events = walk(expand(SHARED), gateway, Run(careful=True))
    assert gateway.performed == []
    assert [(action, state) for action, state, _ in ended(events)] == [
        (PUSH, State.SKIPPED),
        (STAGING, State.FAILED),
        (INTEGRATION, State.FAILED),
    ]


def test_a_standby_is_skipped_in_health_and_its_pull_goes_on() -> None:
    gateway = Recording()
    gateway.push_facts = replace(PUSH_FACTS, server=replace(SERVER, standby=True))
    events = walk(expand(SHARED), gateway)
    assert ended(events)[:2] == [
        (PUSH, State.SKIPPED, "the server is a standby"),
        (STAGING, State.DONE, ""),
    ]


def test_a_held_step_is_left_alone_in_health_and_what_needs_it_goes_on() -> None:
    plan = expand(SHARED)
    gateway = Recording()
    run = Run(held=Held({plan.steps[0].number: "held by anna"}))
    assert ended(walk(plan, gateway, run)) == [
        (PUSH, State.SKIPPED, "held by anna"),
        (STAGING, State.DONE, ""),
        (INTEGRATION, State.DONE, ""),
    ]
    assert PUSH not in gateway.observed


def test_a_hold_past_its_date_is_a_warning_beside_the_outcome() -> None:
    plan = expand(SHARED)
    run = Run(held=Held(overdue={plan.steps[1].number: "the hold of anna is past"}))
    outcomes = [e for e in walk(plan, Recording(), run) if isinstance(e, Outcome)]
    assert [outcome.warnings for outcome in outcomes] == [(), ("the hold of anna is past",), ()]


def test_never_more_steps_at_once_than_a_server_bears() -> None:
    busy = threading.Semaphore(1)

    def alone(recorder: Recorder, command: Command) -> None:
        assert busy.acquire(blocking=False)
        busy.release()

    plan = expand(inventory(*SHARED.syncs, *CHAINED.syncs))
    acts: dict[tuple[str, type[Command]], Act] = {
        (str(step.action), Publish): alone for step in plan.steps
    }
    events = walk(plan, Recording(acts), Run(jobs=8))
    assert {state for _, state, _ in ended(events)} == {State.DONE}


def test_independent_steps_run_at_once_when_there_are_jobs() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def meet(recorder: Recorder, command: Command) -> None:
        meeting.wait()

    gateway = Recording({(STAGING, RunScript): meet, (INTEGRATION, RunScript): meet})
    events = walk(expand(SHARED), gateway, Run(jobs=2))
    assert {state for _, state, _ in ended(events)} == {State.DONE}


def test_a_stop_ends_what_runs_and_skips_the_rest() -> None:
    stop = Stop()

    def interrupted(recorder: Recorder, command: Command) -> None:
        stop.request("interrupted by SIGTERM")
        assert recorder.cancelled.wait(10)
        raise InterruptedStepError("interrupted by SIGTERM")

    gateway = Recording({(PUSH, Dump): interrupted})
    events = list(execute(expand(SHARED), Run(), World(gateway, OpenGuard(), FixedClock(), stop)))
    assert ended(events) == [
        (PUSH, State.FAILED, "interrupted by SIGTERM"),
        (STAGING, State.SKIPPED, "interrupted by SIGTERM"),
        (INTEGRATION, State.SKIPPED, "interrupted by SIGTERM"),
    ]


def test_a_step_past_its_deadline_is_cancelled() -> None:
    def endless(recorder: Recorder, command: Command) -> None:
        assert recorder.cancelled.wait(10)
        raise InterruptedStepError("its deadline has passed")

    push, *_ = expand(SHARED).steps
    hurried = replace(push, options=replace(push.options, deadline=timedelta(seconds=0.05)))
    events = walk(Plan((hurried,)), Recording({(PUSH, Dump): endless}))
    assert ended(events) == [(PUSH, State.FAILED, "its deadline has passed")]


def test_a_bug_is_told_as_a_failure_without_its_words_and_then_raised() -> None:
    def bug(recorder: Recorder, command: Command) -> None:
        raise ZeroDivisionError("what a bug says may quote a secret")

    gateway = Recording({(PUSH, Dump): bug})
    told: list[Event] = []
    events = execute(expand(SHARED), Run(), World(gateway, OpenGuard(), FixedClock(), Stop()))
    with pytest.raises(ZeroDivisionError):
        told.extend(iter(lambda: next(events), None))
    ((_, _, reason), *_) = ended(told)
    assert re.fullmatch(
        r"a bug in envsync: ZeroDivisionError in \S+\.bug \(test_executor\.py, line \d+\)", reason
    )


@pytest.mark.parametrize(
    ("touched", "healthy", "code"),
    [(True, True, 0), (False, True, 0), (True, False, 1), (False, False, 2)],
)
def test_the_exit_code_says_whether_anything_was_touched(
    touched: bool,  # noqa: FBT001
    healthy: bool,  # noqa: FBT001
    code: int,
) -> None:
    step = expand(SHARED).steps[0]
    outcome = Outcome(
        step, State.DONE if healthy else State.FAILED, healthy=healthy, touched=touched
    )
    assert exit_code([outcome]) == code


def test_a_start_is_told_before_its_end() -> None:
    kinds = [type(event) for event in walk(expand(SHARED), Recording())]
    assert kinds == [Started, Outcome] * 3

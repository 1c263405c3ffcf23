"""Whatever the plan, its dry run shows what the real run does, and one rule tells what is skipped."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from envsync.artefacts import Manifest
from envsync.commands import Command, Measured
from envsync.errors import CommandError
from envsync.execution.executor import Run, execute
from envsync.execution.guard import OpenGuard
from envsync.execution.outcome import Outcome, State
from envsync.execution.stop import Stop
from envsync.execution.world import Gateway, World
from envsync.facts import Facts, PullFactsBase
from envsync.gateways.speaking import Named, Speaking
from envsync.inventory.model import Inventory
from envsync.plan.expand import expand
from envsync.plan.model import Plan, Step
from envsync.questions import PullQuestion, Question
from tests.properties.compiled import facts
from tests.properties.inventories import inventories

unhurried = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
INVENTORIES = inventories()
Seen = Mapping[str, Facts]


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 2, 40, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@dataclass(frozen=True, slots=True)
class Looking:
    """Eyes that see what was drawn for a step."""

    seen: Facts

    def observe(self, question: Question) -> Facts:
        awaited = isinstance(question, PullQuestion) and question.wanted.awaited
        if awaited and isinstance(self.seen, PullFactsBase):
            return replace(self.seen, manifest=None)
        return self.seen

    def cancel(self, reason: str) -> None:
        raise AssertionError(reason)


@dataclass(slots=True)
class Acting:
    """Hands that write down what they do; an artefact they publish is there afterwards."""

    seen: Seen
    failing: frozenset[str] = frozenset()
    done: list[tuple[Step, Command]] = field(default_factory=list)
    published: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def session(self, step: Step) -> Iterator["_Hands"]:
        yield _Hands(step, self)


@dataclass(slots=True)
class _Hands:
    step: Step
    world: Acting
    measured: Measured = field(default_factory=Measured)

    def observe(self, question: Question) -> Facts:
        found = self.world.seen[str(self.step.action)]
        if isinstance(question, PullQuestion) and isinstance(found, PullFactsBase):
            pushed = self.world.published.get((question.wanted.storage.url, question.wanted.name))
            return replace(found, manifest=pushed or found.manifest)
        return found

    def perform(self, command: Command) -> None:
        if str(self.step.action) in self.world.failing:
            raise CommandError("it was told to fail")
        with self.world.lock:
            self.world.done.append((self.step, command))
            artefact = command.publishes()
            if artefact:
                self.world.published[artefact.storage.url, artefact.manifest.name] = (
                    artefact.manifest
                )

    def cancel(self, reason: str) -> None:
        raise AssertionError(reason)


def seen(plan: Plan, data: some.DataObject) -> Seen:
    return {str(step.action): data.draw(facts(step)) for step in plan.steps}


def walked(plan: Plan, gateway: Gateway, jobs: int = 1) -> dict[str, tuple[State, str]]:
    world = World(gateway, OpenGuard(), FixedClock(), Stop())
    return {
        str(event.step.action): (event.state, event.reason)
        for event in execute(plan, Run(jobs), world)
        if isinstance(event, Outcome)
    }


def spoken(plan: Plan, known: Seen) -> tuple[list[str], dict[str, tuple[State, str]]]:
    """Return what a dry run says where it sees what is known."""
    lines: list[str] = []

    @contextmanager
    def eyes(step: Named) -> Iterator[Looking]:
        yield Looking(known[str(step.action)])

    return lines, walked(plan, Speaking(lines.append, eyes))


def shown(done: list[tuple[Step, Command]]) -> list[str]:
    """Return what commands look like, below the name of each step."""
    lines: list[str] = []
    for step, command in done:
        heading = f"# step {step.number}: {step.action}"
        lines += [*([] if heading in lines else [heading]), *command.lines()]
    return lines


@unhurried
@given(INVENTORIES, some.data())
def test_the_dry_run_shows_the_commands_of_the_real_run_in_their_order(
    inventory: Inventory, data: some.DataObject
) -> None:
    plan = expand(inventory)
    known = seen(plan, data)
    hands = Acting(known)
    ended = walked(plan, hands)
    assert spoken(plan, known) == (shown(hands.done), ended)


@unhurried
@given(INVENTORIES, some.data(), some.integers(1, 4))
def test_what_needs_a_failed_step_is_skipped_and_names_it_and_all_else_is_done(
    inventory: Inventory, data: some.DataObject, jobs: int
) -> None:
    plan = expand(inventory)
    actions = [str(step.action) for step in plan.steps]
    failing = data.draw(some.frozensets(some.sampled_from(actions))) if actions else frozenset()
    known = seen(plan, data)
    undisturbed = walked(plan, Acting(known))
    ended = walked(plan, Acting(known, failing), jobs)
    culprits: dict[int, set[str]] = {}
    for step in plan.steps:
        action = str(step.action)
        above = set().union(*(culprits[need] for need in step.needs))
        if above:
            culprits[step.number] = above
            assert ended[action][0] is State.SKIPPED
            assert ended[action][1] in {f"needs {each}, which failed" for each in above}
        elif action in failing or undisturbed[action][0] is not State.DONE:
            culprits[step.number] = {action}
            assert ended[action][0] is State.FAILED
        else:
            culprits[step.number] = set()
            assert ended[action] == (State.DONE, "")

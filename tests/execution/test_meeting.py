"""The pulls of a group are promoted together, or none of them is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from envsync.artefacts import Stamp
from envsync.commands import Command
from envsync.commands.postgresql import RunScript
from envsync.commands.postgresql_promote import Promote
from envsync.commands.steps import Meet
from envsync.errors import CommandError, InterruptedStepError
from envsync.execution.executor import Run, execute
from envsync.execution.guard import OpenGuard
from envsync.execution.meeting import Meeting
from envsync.execution.outcome import Outcome, State
from envsync.execution.stop import Stop
from envsync.execution.world import World
from envsync.plan.expand import expand
from envsync.plan.hold import Held
from envsync.plan.model import Plan
from envsync.plan.select import Selection, select
from tests.execution.test_executor import FixedClock, Recorder, Recording, ended, failing
from tests.fleet import NOW, PUBLISHING, TAGGER, inventory, sync

ONE, OTHER = "pull publishing_api into staging", "pull content_tagger into staging"
GROUP = "content (staging)"
TOGETHER = inventory(
    replace(sync(PUBLISHING["production"], PUBLISHING["staging"]), group="content"),
    replace(sync(TAGGER["production"], TAGGER["staging"]), group="content"),
)
PULLS = select(expand(TOGETHER), Selection(verbs=("pull",)))


def walk(plan: Plan, gateway: Recording, run: Run | None = None) -> list[tuple[str, State, str]]:
    world = World(gateway, OpenGuard(), FixedClock(), Stop(), groups=Meeting(plan))
    return sorted(ended(list(execute(plan, run or Run(), world))))


def going_on() -> None:
    """Let a step go on that waits."""


def promoted(gateway: Recording) -> list[str]:
    return sorted(who for who, command in gateway.performed if isinstance(command, Promote))


def test_all_meet_before_the_first_is_promoted_whatever_the_jobs() -> None:
    for jobs in (1, 4):
        gateway = Recording()
        outcomes = walk(expand(TOGETHER), gateway, Run(jobs))
        assert [state for _, state, _ in outcomes] == [State.DONE] * 4
        kinds = [type(command) for _, command in gateway.performed]
        last_script = max(at for at, kind in enumerate(kinds) if kind is RunScript)
        assert last_script < kinds.index(Promote)
        assert promoted(gateway) == [OTHER, ONE]
        assert Meet in kinds


def test_one_that_fails_keeps_the_others_from_being_promoted() -> None:
    for culprit, other in ((ONE, OTHER), (OTHER, ONE)):
        gateway = Recording({(culprit, RunScript): failing})
        outcomes = walk(PULLS, gateway)
        reason = f"nothing was promoted, as {culprit} of the same group {GROUP!r} failed"
        assert {who: why for who, _, why in outcomes} == {
            culprit: "the disk is full",
            other: reason,
        }
        assert promoted(gateway) == []


def test_a_push_that_fails_skips_all_pulls_of_its_group() -> None:
    def full(recorder: Recorder, command: Command) -> None:
        raise CommandError("the disk is full")

    push = "push content_tagger from production"
    dump = next(command for who, command in _performed(expand(TOGETHER)) if who == push)
    gateway = Recording({(push, type(dump)): full})
    outcomes = walk(expand(TOGETHER), gateway)
    assert [why for who, _, why in outcomes if who in {ONE, OTHER}] == [
        f"needs {push}, which failed",
        f"needs {push}, which failed",
    ]
    assert promoted(gateway) == []


def _performed(plan: Plan) -> list[tuple[str, Command]]:
    gateway = Recording()
    walk(plan, gateway)
    return gateway.performed


def test_one_that_is_held_is_not_waited_for() -> None:
    gateway = Recording()
    paused = Held(paused={PULLS.steps[0].number: "held by Ada"})
    outcomes = walk(PULLS, gateway, Run(held=paused))
    assert [state for _, state, _ in outcomes] == [State.DONE, State.SKIPPED]
    assert promoted(gateway) == [OTHER]


@pytest.mark.parametrize(("hours", "refused"), [(11, 0), (13, 2)])
def test_artefacts_of_two_nights_are_not_promoted_together(hours: int, refused: int) -> None:
    meeting = Meeting(PULLS)
    stamps = (NOW, Stamp.of(NOW.moment - timedelta(hours=hours)))
    with ThreadPoolExecutor() as pool:
        met = [
            pool.submit(meeting.meet, step, stamp, going_on)
            for step, stamp in zip(PULLS.steps, stamps, strict=True)
        ]
    failures = [each.exception() for each in met if each.exception()]
    assert len(failures) == refused
    assert all("more than one night" in str(each) for each in failures)


def test_one_that_is_stopped_while_it_waits_keeps_the_others_from_being_promoted() -> None:
    def stopped() -> None:
        raise InterruptedStepError("its deadline has passed")

    meeting = Meeting(PULLS)
    first, second = PULLS.steps
    with pytest.raises(InterruptedStepError):
        meeting.meet(first, NOW, stopped)
    meeting.leave(Outcome(first, State.FAILED, reason="its deadline has passed"))
    with pytest.raises(CommandError, match="nothing was promoted, as pull publishing_api into"):
        meeting.meet(second, NOW, going_on)

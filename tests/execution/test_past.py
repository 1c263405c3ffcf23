"""What the journal knows of earlier runs: those that were killed, and those of this second."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envsync.artefacts import Stamp
from envsync.errors import RefusedError
from envsync.execution.executor import Run, Started, execute
from envsync.execution.guard import OpenGuard
from envsync.execution.journal import Journal
from envsync.execution.outcome import Outcome, State
from envsync.execution.stop import Stop
from envsync.execution.world import World
from envsync.plan.expand import expand
from envsync.plan.model import Plan, Step
from tests.execution.test_executor import Recording
from tests.fleet import SHARED

PLAN = expand(SHARED)
PUSH = PLAN.steps[0]
FIRST = datetime(2026, 11, 20, 2, 40, tzinfo=UTC)
LATER = FIRST + timedelta(minutes=1)
NOW = FIRST + timedelta(minutes=2)


def begun(path: Path, step: Step, at: datetime) -> Journal:
    """Begin a step as a process of its own would."""
    journal = Journal(path)
    journal.plan(f"run of {at}", Plan((step,)), at)
    journal.start(step, at)
    return journal


def test_runs_that_never_ended_are_known_by_when_they_began(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    for moment in (FIRST, LATER):
        begun(path, PUSH, moment)
    asking = begun(path, PUSH, NOW)
    assert asking.unfinished(PUSH, NOW) == (Stamp.of(FIRST), Stamp.of(LATER))
    assert asking.unfinished(PLAN.steps[-1], NOW) == ()


def test_what_came_before_a_run_that_was_done_has_been_cleared_up(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    begun(path, PUSH, FIRST)
    begun(path, PUSH, LATER).end(Outcome(PUSH, State.DONE, healthy=True), LATER)
    assert begun(path, PUSH, NOW).unfinished(PUSH, NOW) == ()


def test_a_step_has_begun_within_the_second_of_its_own_run_and_in_no_other(tmp_path: Path) -> None:
    moment = FIRST + timedelta(milliseconds=900)
    journal = begun(tmp_path / "journal.sqlite", PUSH, moment)
    assert journal.has_begun(PUSH, Stamp.of(moment))
    assert not journal.has_begun(PUSH, Stamp.of(moment + timedelta(milliseconds=100)))
    assert not journal.has_begun(PUSH, Stamp.of(moment - timedelta(seconds=1)))
    assert not journal.has_begun(PLAN.steps[-1], Stamp.of(moment))


def test_a_damaged_journal_is_to_be_moved_away_and_no_other_folder_chosen(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no database " * 100)
    for refused in (
        lambda: Journal(path).history("app", None),
        lambda: begun(path, PUSH, NOW),
    ):
        with pytest.raises(RefusedError, match="it is damaged: move it out of") as told:
            refused()
        assert "ENVSYNC_STATE" not in str(told.value)


def test_a_journal_of_another_user_is_to_be_read_by_that_user(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    begun(path, PUSH, NOW)
    path.unlink()
    path.mkdir()
    with pytest.raises(RefusedError, match="run as the user who writes it"):
        Journal(path).history("app", None)


class Passing:
    """A clock whose time passes only while somebody sleeps."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def test_a_step_that_has_begun_in_this_second_begins_in_the_next(tmp_path: Path) -> None:
    past = begun(tmp_path / "journal.sqlite", PUSH, FIRST + timedelta(milliseconds=100))
    clock = Passing(FIRST + timedelta(milliseconds=900))
    world = World(Recording(), OpenGuard(), clock, Stop(), past)
    (started, *_) = execute(Plan((PUSH,)), Run(), world)
    assert isinstance(started, Started)
    assert started.at == FIRST + timedelta(seconds=1)


class Unreadable:
    """A past that nobody can read any more."""

    def unfinished(self, step: Step, before: datetime) -> tuple[Stamp, ...]:
        raise RefusedError("cannot read the journal")

    def has_begun(self, step: Step, second: Stamp) -> bool:
        raise RefusedError("cannot read the journal")


def test_where_the_past_cannot_be_read_each_step_tells_and_the_run_goes_on() -> None:
    world = World(Recording(), OpenGuard(), Passing(FIRST), Stop(), Unreadable())
    ended = [each for each in execute(PLAN, Run(), world) if isinstance(each, Outcome)]
    assert len(ended) == len(PLAN.steps)
    assert ended[0].state is State.FAILED
    assert ended[0].reason == "cannot read the journal"

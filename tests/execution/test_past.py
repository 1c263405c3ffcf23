"""What the journal knows of runs that were killed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from envsync.artefacts import Stamp
from envsync.execution.journal import Journal
from envsync.execution.outcome import Outcome, State
from envsync.plan.expand import expand
from envsync.plan.model import Plan, Step
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

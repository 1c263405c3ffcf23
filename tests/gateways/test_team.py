"""Threads that fail together."""

import threading
from collections.abc import Callable

import pytest

from envsync.errors import CommandError, InterruptedStepError
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team


def wait(scope: Scope) -> None:
    """Wait for an end that only the scope brings."""
    ended = threading.Event()
    with scope.stoppable(ended.set):
        ended.wait(60)
        scope.check()


def fail(reason: str) -> None:
    raise CommandError(reason)


def outcome(block: Callable[[Team], object], scope: Scope | None = None) -> str:
    """Return how a team fails whose block is given."""

    def enter() -> None:
        with Team(scope or Scope(), 3, "team") as team:
            team.start(wait, team.scope)
            block(team)

    with pytest.raises((CommandError, InterruptedStepError)) as failed:
        enter()
    return str(failed.value)


def test_the_first_failure_ends_the_others_and_is_the_one_told() -> None:
    assert outcome(lambda team: team.start(fail, "the first")) == "the first"


def test_a_failure_of_the_block_itself_ends_the_others() -> None:
    assert outcome(lambda _: fail("in the block")) == "in the block"


def test_what_fails_in_the_block_because_a_member_failed_is_not_told() -> None:
    def block(team: Team) -> None:
        team.start(fail, "the cause")
        wait(team.scope)

    assert outcome(block) == "the cause"


def test_a_step_that_is_ended_ends_every_member() -> None:
    scope = Scope()
    assert outcome(lambda team: team.start(scope.cancel, "too late"), scope) == "too late"


def test_results_are_there_afterwards() -> None:
    with Team(Scope(), 2, "team") as team:
        futures = [team.start(pow, number, 2) for number in range(5)]
    assert [future.result() for future in futures] == [0, 1, 4, 9, 16]

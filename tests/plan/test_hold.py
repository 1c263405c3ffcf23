"""A hold pauses what is done to one place, and whatever only that needs."""

from datetime import UTC, date, datetime

import pytest

from envsync.errors import RefusedError
from envsync.plan.expand import expand
from envsync.plan.hold import Hold, held, parse_until, require_not_held
from envsync.plan.model import Plan
from envsync.plan.select import Selection, select
from tests.fleet import CHAINED, SHARED

TODAY = date(2026, 11, 25)
SHARED_PLAN = expand(SHARED)
CHAINED_PLAN = expand(CHAINED)


def hold(environment: str, key: str, until: date = TODAY) -> Hold:
    since = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    return Hold(environment, key, until, "a load test", "anna", since)


def paused(plan: Plan, *holds: Hold) -> dict[str, str]:
    found = held(plan, holds, TODAY)
    return {str(plan.step(number).action): reason for number, reason in found.paused.items()}


def test_a_hold_pauses_the_pull_into_its_environment_alone() -> None:
    assert paused(SHARED_PLAN, hold("integration", "publishing_api")) == {
        "pull publishing_api into integration": "held by anna until 2026-11-25: a load test"
    }


def test_a_push_that_only_held_pulls_need_is_not_made() -> None:
    plan = select(SHARED_PLAN, Selection(("integration",), goals=("pull",)))
    assert paused(plan, hold("integration", "publishing_api")) == {
        "push publishing_api from production": "only held steps need it: pull publishing_api into "
        "integration is held by anna until 2026-11-25: a load test",
        "pull publishing_api into integration": "held by anna until 2026-11-25: a load test",
    }


def test_a_hold_of_the_source_pauses_its_push_and_leaves_the_pulls() -> None:
    assert set(paused(SHARED_PLAN, hold("production", "publishing_api"))) == {
        "push publishing_api from production"
    }


def test_a_hold_of_another_key_pauses_nothing() -> None:
    assert paused(SHARED_PLAN, hold("integration", "content_tagger")) == {}


def test_a_hold_past_its_date_pauses_nothing_and_is_told() -> None:
    found = held(CHAINED_PLAN, [hold("staging", "content_tagger", date(2026, 11, 24))], TODAY)
    assert dict(found.paused) == {}
    sentence = "the hold of anna was until 2026-11-24; end it by envsync unhold content_tagger"
    assert set(found.overdue.values()) == {f"{sentence} --env staging"}


def test_what_is_held_is_not_run_by_hand_either() -> None:
    with pytest.raises(RefusedError, match="held by anna until 2026-11-25: a load test; ask them"):
        require_not_held(SHARED_PLAN, [hold("integration", "publishing_api")], TODAY)


def test_what_was_held_until_yesterday_may_be_run_by_hand() -> None:
    require_not_held(
        SHARED_PLAN, [hold("integration", "publishing_api", date(2026, 11, 24))], TODAY
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tomorrow", "is not a date; give the last day to hold, as 2026-12-01"),
        ("2026-02-30", "is not a date"),
        ("2026-11-24", "is in the past; today is 2026-11-25"),
    ],
)
def test_a_hold_ends_on_a_day_to_come(text: str, sentence: str) -> None:
    with pytest.raises(RefusedError, match=sentence):
        parse_until(text, TODAY)


def test_a_hold_may_end_today() -> None:
    assert parse_until("2026-11-25", TODAY) == TODAY

"""Which artefacts a retention keeps: tables for what people count on, properties for the rest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.inventory.model import Retention
from envsync.plan.retention import Candidate, Decision, age_text, decide

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SHORT = timedelta(minutes=1)


def daily(count: int, newest: datetime = NOW) -> list[Candidate]:
    """An artefact of each of so many days, at two at night."""
    return [Candidate(newest.replace(hour=2) - n * DAY) for n in range(count)]


def kept(decided: tuple[Decision, ...]) -> list[str]:
    return [f"{each.candidate.moment:%Y-%m-%d %H}: {each.why}" for each in decided if each.keep]


def test_the_newest_of_each_day_week_and_month_is_kept() -> None:
    retention = Retention(3, 2, 3, SHORT)
    assert kept(decide(daily(120), retention, NOW)) == [
        "2026-11-25 02: the newest, daily, weekly, monthly",
        "2026-11-24 02: daily",
        "2026-11-23 02: daily",
        "2026-11-22 02: weekly",
        "2026-10-31 02: monthly",
        "2026-09-30 02: monthly",
    ]


def test_of_several_artefacts_of_a_day_the_newest_counts() -> None:
    three = [Candidate(NOW.replace(hour=hour) - 5 * DAY) for hour in (1, 5, 3)]
    assert kept(decide([*daily(1), *three], Retention(2, 0, 0, SHORT), NOW)) == [
        "2026-11-25 02: the newest, daily",
        "2026-11-20 05: daily",
    ]


def test_days_without_artefacts_use_up_nothing() -> None:
    """After three weeks without pushes the old ones are still there."""
    before = daily(30, NOW - 21 * DAY)
    assert len(kept(decide(before, Retention(14, 0, 0), NOW))) == 14


def test_days_and_weeks_are_those_of_utc() -> None:
    east = [
        Candidate(datetime.fromisoformat(text))
        for text in ("2026-11-20T01:30:00+02:00", "2026-11-19T22:00:00+00:00")
    ]
    assert kept(decide(east, Retention(5, 0, 0, SHORT), NOW)) == [
        "2026-11-20 01: the newest, daily"
    ]


def test_the_weeks_around_new_year_are_iso_s() -> None:
    moments = [datetime(2027, 1, day, tzinfo=UTC) for day in (4, 3, 1)]
    moments += [datetime(2026, 12, day, tzinfo=UTC) for day in (31, 28, 27)]
    found = decide([Candidate(moment) for moment in moments], Retention(0, 5, 0, SHORT), NOW)
    assert [line[:10] for line in kept(found) if "weekly" in line] == [
        "2027-01-04",
        "2027-01-03",
        "2026-12-27",
    ]


def test_what_goes_is_told_by_what_did_not_keep_it() -> None:
    *_, oldest = decide(daily(30), Retention(3, 2, 0), NOW)
    assert (oldest.keep, oldest.why) == (False, "not among 3 daily, 2 weekly")


def test_what_is_young_is_kept_up_to_its_age() -> None:
    moments = [NOW - timedelta(hours=hours) for hours in (1, 2, 47, 48, 49)]
    found = decide([Candidate(moment) for moment in moments], Retention(1), NOW)
    assert [each.keep for each in found] == [True, True, True, False, False]
    assert found[1].why == "younger than 2d"


def test_what_is_of_a_time_yet_to_come_is_kept() -> None:
    found = decide([Candidate(NOW + 9 * DAY), Candidate(NOW + DAY)], Retention(1), NOW)
    assert [each.keep for each in found] == [True, True]


def test_the_last_that_is_known_to_be_restorable_is_kept_however_old() -> None:
    old = Candidate(NOW - 400 * DAY, verified="verified")
    older = Candidate(NOW - 500 * DAY, verified="restored by a pull")
    found = decide([older, old, *daily(5)], Retention(2, 0, 0, SHORT), NOW)
    assert kept(found)[-1] == "2025-10-21 08: the last known to be restorable (verified)"


def test_one_whose_drill_cannot_be_read_is_kept_and_is_not_the_last_verified() -> None:
    unclear = Candidate(NOW - 30 * DAY, unclear=True)
    verified = Candidate(NOW - 40 * DAY, verified="verified")
    assert [line[:10] for line in kept(decide([unclear, verified], Retention(1), NOW))] == [
        "2026-10-26",
        "2026-10-16",
    ]
    assert [line[:10] for line in kept(decide([*daily(1), unclear], Retention(1), NOW))] == [
        "2026-11-25",
        "2026-10-26",
    ]


def test_one_that_cannot_be_trusted_is_kept_and_takes_nobody_s_place() -> None:
    damaged = Candidate(NOW.replace(hour=3), trouble="its manifest is damaged")
    found = decide([damaged, *daily(3)], Retention(2, 0, 0, SHORT), NOW)
    assert kept(found) == [
        "2026-11-25 03: its manifest is damaged: look at it, and delete it by hand",
        "2026-11-25 02: the newest, daily",
        "2026-11-24 02: daily",
    ]


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (2 * DAY, "2d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=5), "5s"),
    ],
)
def test_ages_are_told_as_inventories_write_them(age: timedelta, text: str) -> None:
    assert age_text(age) == text


MOMENTS = st.timedeltas(timedelta(), 1000 * DAY).map(lambda later: NOW - 900 * DAY + later)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        MOMENTS,
        st.sampled_from(["", "", "", "its manifest is damaged"]),
        st.sampled_from(["", "", "", "verified", "restored by a pull"]),
        st.booleans(),
    ),
    max_size=40,
    unique_by=lambda candidate: candidate.moment,
)
COUNTS = st.integers(0, 20)
RETENTIONS = st.builds(
    Retention, COUNTS, COUNTS, COUNTS, st.timedeltas(SHORT, timedelta(days=30))
).filter(lambda told: told.keep_daily + told.keep_weekly + told.keep_monthly > 0)


@given(CANDIDATES, RETENTIONS, MOMENTS)
def test_every_artefact_is_decided_on_once_newest_first(
    given_: list[Candidate], retention: Retention, now: datetime
) -> None:
    decided = decide(given_, retention, now)
    assert [each.candidate for each in decided] == sorted(
        given_, key=lambda candidate: candidate.moment, reverse=True
    )
    assert all(each.why for each in decided)


@given(CANDIDATES, RETENTIONS, MOMENTS)
def test_nothing_goes_that_somebody_may_still_need(
    given_: list[Candidate], retention: Retention, now: datetime
) -> None:
    gone = {each.candidate.moment for each in decide(given_, retention, now) if not each.keep}
    sound = [each.moment for each in given_ if not each.trouble]
    verified = [each.moment for each in given_ if each.verified and not each.trouble]
    needed = {
        *sorted(sound)[-1:],
        *sorted(verified)[-1:],
        *(each.moment for each in given_ if each.trouble or each.unclear),
        *(each.moment for each in given_ if now - each.moment < retention.keep_younger),
    }
    assert gone.isdisjoint(needed)


@given(CANDIDATES, RETENTIONS, MOMENTS)
def test_as_many_days_weeks_and_months_are_left_as_were_asked_for(
    given_: list[Candidate], retention: Retention, now: datetime
) -> None:
    left = [
        each.candidate.moment
        for each in decide(given_, retention, now)
        if each.keep and not each.candidate.trouble
    ]
    sound = [each.moment for each in given_ if not each.trouble]
    for count, form in (
        (retention.keep_daily, "%Y-%m-%d"),
        (retention.keep_weekly, "%G-%V"),
        (retention.keep_monthly, "%Y-%m"),
    ):
        there = sorted({moment.strftime(form) for moment in sound}, reverse=True)[:count]
        assert set(there) <= {moment.strftime(form) for moment in left}


@given(CANDIDATES, RETENTIONS, MOMENTS, st.timedeltas(timedelta(), timedelta(days=900)))
def test_pruning_again_removes_only_what_was_young(
    given_: list[Candidate], retention: Retention, now: datetime, later: timedelta
) -> None:
    left = [each.candidate for each in decide(given_, retention, now) if each.keep]
    again = {each.candidate.moment for each in decide(left, retention, now + later) if each.keep}
    young = {each.moment for each in left if now - each.moment < retention.keep_younger}
    assert {each.moment for each in left} - again <= young


@given(CANDIDATES, RETENTIONS, MOMENTS)
def test_a_new_artefact_never_brings_back_what_was_to_go(
    given_: list[Candidate], retention: Retention, now: datetime
) -> None:
    newest = Candidate(max([each.moment for each in given_], default=now) + DAY)
    before = {each.candidate.moment for each in decide(given_, retention, now) if not each.keep}
    after = {
        each.candidate.moment for each in decide([*given_, newest], retention, now) if not each.keep
    }
    assert before <= after

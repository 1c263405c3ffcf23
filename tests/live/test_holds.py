"""Holds through the command line: nights leave alone what is held, and everybody sees why."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.live.site import Site
from tests.live.untouched import OLD, assert_refused

pytestmark = pytest.mark.live

LATER = (datetime.now(UTC) + timedelta(days=7)).date()
"""Some days on, whenever the tests began and however long they take."""
WHY = ("--because", "load test of the new search")


def hold(site: Site, *more: str) -> None:
    ran = site.run(
        "hold", "app", "--env", "integration", "--until", str(LATER), *WHY, "--by", "anna", *more
    )
    assert ran.code == 0, ran.err
    assert f"app in integration is held by anna until {LATER}: load test" in ran.out


def test_a_night_leaves_alone_what_is_held_and_says_who_holds_it(site: Site) -> None:
    hold(site)
    ran = site.run("nightly")
    assert (ran.code, site.people(), site.artefacts()) == (0, OLD, [])
    assert f"OK: pull file://{site.folder}/artefacts/production/postgresql-backend/" in ran.err
    assert f"skipped: held by anna until {LATER}: load test of the new search" in ran.err
    assert "only held steps need it" in ran.err


def test_a_dry_run_of_a_night_says_what_is_held(site: Site) -> None:
    hold(site)
    ran = site.run("nightly", "--dry-run")
    assert ran.code == 0
    assert "held by anna" in ran.out
    assert "pg_dump" not in ran.out


def test_plan_status_and_holds_show_a_hold(site: Site) -> None:
    hold(site)
    plan = site.run("plan").out
    assert f"step 2: held by anna until {LATER}: load test of the new search" in plan
    assert f"held until {LATER}" in site.run("status").out
    (_, _, line) = site.run("holds").out.splitlines()
    assert line.split()[:5] == ["integration", "app", str(LATER), "held", "anna"]


def test_what_is_held_is_not_synced_by_hand(site: Site) -> None:
    hold(site)
    ran = site.run("sync", "app")
    assert_refused(site, ran, "end the hold by envsync unhold app --env integration")


def test_what_is_held_is_not_verified_by_hand(site: Site) -> None:
    hold(site)
    ran = site.run("verify", "app", "--env", "integration")
    assert_refused(site, ran, "end the hold by envsync unhold app --env integration")


def test_after_unhold_nights_go_on(site: Site) -> None:
    hold(site)
    ran = site.run("unhold", "app", "--env", "integration")
    assert (ran.code, "app in integration is free again" in ran.out) == (0, True)
    assert site.run("holds").out.strip() == "nothing is held"
    assert site.run("nightly").code == 0
    assert len(site.people()) == 500


def test_a_hold_past_its_date_holds_nothing_and_is_warned_of(site: Site) -> None:
    hold(site)
    journal = sqlite3.connect(site.folder / "state" / "journal.sqlite")
    with journal:
        journal.execute("UPDATE hold SET until = '2026-11-01'")
    journal.close()
    assert "hold past 2026-11-01" in site.run("status").out
    assert "past its date" in site.run("holds").out
    ran = site.run("nightly")
    assert (ran.code, len(site.people())) == (0, 500)
    assert "WARNING: pull" in ran.err
    assert "the hold of anna was until 2026-11-01" in ran.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("hold", "app", "--env", "integration", *WHY), "say until when to hold it"),
        (("hold", "app", "--env", "integration", "--until", "soon", *WHY), "is not a date"),
        (("hold", "app", "--env", "integration", "--until", "2026-01-01", *WHY), "is in the past"),
        (("hold", "app", "--env", "integration", "--until", str(LATER)), "say why to hold it"),
        (("hold", "app", "--until", str(LATER), *WHY), "say which environment with --env"),
        (("hold", "apq", "--env", "integration", "--until", str(LATER), *WHY), "did you mean"),
        (("unhold", "app", "--env", "integration"), "app in integration is not held"),
        (("holds", "--env", "nowhere"), "no environment 'nowhere'"),
    ],
)
def test_what_cannot_be_held_is_told_in_a_sentence(
    site: Site, arguments: tuple[str, ...], sentence: str
) -> None:
    assert_refused(site, site.run(*arguments), sentence)


def test_what_is_held_already_is_not_held_over_it(site: Site) -> None:
    hold(site)
    ran = site.run(
        "hold", "app", "--env", "integration", "--until", str(LATER), "--because", "mine"
    )
    assert_refused(site, ran, "app in integration is already held by anna")

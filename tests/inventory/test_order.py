"""What a file says of a night's order: names that are there, groups of more than one, no circles."""

from pathlib import Path

import pytest

from envsync.inventory.model import Inventory
from tests.inventory.folders import PRODUCTION, STAGING, folder

BOTH = """\
syncs:
  app: {{from: production, sanitise: clean.sql{app}}}
  other: {{from: production, sanitise: clean.sql{other}}}
"""
BACKUPS = "backups:\n  app: {{after: {app}}}\n  other: {{after: {other}}}\n"


def staging(app: str = "", other: str = "") -> str:
    """Return staging's file with two syncs, each with more to it."""
    return STAGING[: STAGING.index("syncs:")] + BOTH.format(app=app, other=other)


def production(app: str = "[]", other: str = "[]") -> str:
    return PRODUCTION[: PRODUCTION.index("backups:")] + BACKUPS.format(app=app, other=other)


def test_order_and_group_are_read(tmp_path: Path) -> None:
    text = staging(", after: [other], group: shop", ", group: shop")
    loaded: Inventory = folder(tmp_path, staging=text, production=production("[other]")).load()
    assert [(sync.options.after, sync.group) for sync in loaded.syncs] == [
        (("other",), "shop"),
        ((), "shop"),
    ]
    assert [backup.options.after for backup in loaded.backups] == [("other",), ()]


PROBLEMS: dict[str, tuple[dict[str, str], str]] = {
    "a name that is not there": (
        {"staging": staging(", after: [othr]")},
        (
            "staging.yaml:10: 'syncs.app' comes after 'othr', of which 'staging' has no other sync or "
            "backup; did you mean 'other'?"
        ),
    ),
    "itself": (
        {"staging": staging(", after: [app]")},
        (
            "staging.yaml:10: 'syncs.app' comes after 'app', of which 'staging' has no other sync or "
            "backup; accepted: 'other'"
        ),
    ),
    "a group of one": (
        {"staging": staging(", group: shop")},
        (
            "staging.yaml:10: 'syncs.app' is alone in the group 'shop'; accepted: a group of two syncs "
            "or more of this file"
        ),
    ),
    "a group of two machines": (
        {
            "staging": staging(", group: shop", ", group: shop")
            .replace(
                "databases:", "  more: {dbms: postgresql, host: db2, machine: mongo}\ndatabases:"
            )
            .replace("other: {server: main", "other: {server: more")
        },
        (
            "staging.yaml:11: the group 'shop' is pulled by admin and mongo, and only steps of one "
            "machine can wait for each other; accepted: servers with the same 'machine'"
        ),
    ),
    "a circle of pulls": (
        {"staging": staging(", after: [other]", ", after: [app]")},
        "staging.yaml:10: 'syncs.app' makes the night wait for itself: pull",
    ),
    "a circle of backups": (
        {"production": production("[other]", "[app]")},
        "production.yaml:10: 'backups.app' makes the night wait for itself: push",
    ),
    "a circle of a sync and a backup": (
        {
            "staging": staging(", after: [other]"),
            "production": production("[]", "[app]"),
        },
        "makes the night wait for itself: push",
    ),
}


def test_a_circle_is_told_where_syncs_by_hand_lead_in_another(tmp_path: Path) -> None:
    back = "syncs:\n  app: {from: staging, ensure: disabled}\n"
    files = {
        "production": PRODUCTION + back,
        "staging": staging(", after: [other]", ", after: [app]"),
    }
    (problem,) = folder(tmp_path, **files).problems()
    assert "'syncs.app' makes the night wait for itself" in problem


@pytest.mark.parametrize("case", PROBLEMS)
def test_an_order_that_cannot_be_is_told(tmp_path: Path, case: str) -> None:
    files, sentence = PROBLEMS[case]
    (problem,) = folder(tmp_path, **files).problems()
    assert problem.startswith(sentence) or sentence in problem, problem


def test_members_of_a_group_may_order_their_pushes(tmp_path: Path) -> None:
    text = staging(", after: [other], group: shop", ", group: shop")
    assert len(folder(tmp_path, staging=text).load().syncs) == 2


def test_a_group_that_waits_for_one_that_waits_for_it_is_a_circle(tmp_path: Path) -> None:
    text = (
        staging(", group: shop", ", after: [third], group: shop").replace(
            "databases:", "databases:\n  third: {server: main, name: third, path: third}"
        )
        + "  third: {from: production, sanitise: clean.sql, after: [app]}\n"
    )
    source = PRODUCTION.replace(
        "databases:", "databases:\n  third: {server: main, name: third, path: third}"
    )
    (problem,) = folder(tmp_path, staging=text, production=source).problems()
    assert "makes the night wait for itself" in problem
    assert "the group 'shop' of staging" in problem


def test_a_group_of_which_one_comes_from_another_is_a_circle(tmp_path: Path) -> None:
    text = staging(", group: shop", ", group: shop").replace(
        "other: {from: production", "other: {from: integration"
    )
    integration = (
        STAGING[: STAGING.index("syncs:")].replace("staging", "integration")
        + "syncs:\n  other: {from: staging, database: app}\n"
    )
    (problem,) = folder(tmp_path, staging=text, integration=integration).problems()
    assert problem.startswith("staging.yaml:10: 'syncs.app' makes the night wait for itself: ")
    assert "the group 'shop' of staging" in problem

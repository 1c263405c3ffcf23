"""Scratch servers and restore drills: what may be said of them, told at its line where it is not."""

from datetime import timedelta
from pathlib import Path

import pytest

from envsync.inventory.model import Drill, Options, Schedule
from tests.inventory.folders import PRODUCTION, STAGING, folder

SCRATCH = "  spare: {dbms: postgresql, host: spare.production, machine: admin, scratch: true}"
WITH_SCRATCH = PRODUCTION.replace("databases:", f"{SCRATCH}\ndatabases:")
"""The production file with a scratch server at line 6, its databases from line 8 on."""


def drilled(entry: str, text: str = WITH_SCRATCH) -> str:
    """Return the production file with a drill of its first database, at line 8."""
    return text.replace("path: postgresql}", f"path: postgresql, verify: {{{entry}}}}}", 1)


CASES: dict[str, tuple[dict[str, str], str]] = {
    "a database on a scratch server": (
        {"production": WITH_SCRATCH.replace("app: {server: main", "app: {server: spare")},
        (
            "production.yaml:8: 'databases.app' is on 'spare', a scratch server, where all that "
            "is found is dropped; accepted: a server without 'scratch: true'"
        ),
    ),
    "a second scratch server of one kind": (
        {
            "production": WITH_SCRATCH.replace(
                "databases:",
                SCRATCH.replace("spare", "second") + "\ndatabases:",
            )
        },
        (
            "production.yaml:7: 'servers.second' is a second scratch server of postgresql, beside "
            "'servers.spare'; accepted: one of each kind in an environment"
        ),
    ),
    "a scratch server that another environment uses": (
        {"production": WITH_SCRATCH.replace("spare.production", "DB.staging.")},
        (
            "production.yaml:6: 'servers.spare' is a scratch server, and at the same host and port "
            "as 'servers.main' in staging.yaml:5; accepted: a server of its own"
        ),
    ),
    "checks that are not there": (
        {"production": drilled("checks: raw.sql")},
        (
            "production.yaml:8: 'databases.app.verify.checks' is 'raw.sql', which is not in "
            "SCRIPTS; accepted: 'clean.checks.sql'"
        ),
    ),
    "an unknown key of a drill": (
        {"production": drilled("chekcs: raw.sql")},
        (
            "production.yaml:8: unknown key 'chekcs' in 'databases.app.verify'; "
            "did you mean 'checks'?"
        ),
    ),
    "two times for a drill": (
        {"production": drilled('at: "05:00", cron: "0 5 * * 0"')},
        (
            "production.yaml:8: 'at' and 'cron' are both given in 'databases.app.verify'; "
            "accepted: one of them"
        ),
    ),
    "a drill with the title of a push": (
        {"production": drilled("title: push app from production")},
        (
            "production.yaml:11: 'backups.app' has the title 'push app from production', as has a "
            "step of 'databases.app.verify' in production.yaml:8; accepted: titles that differ "
            "within an environment"
        ),
    ),
    "a name with no room for a drill's": (
        {"production": drilled("").replace("app_production", "a" * 46)},
        (
            "production.yaml:8: 'databases.app.verify' is of a database whose name has 46 bytes, "
            "too long for a drill; accepted: 45 bytes, for '__verify__incoming' to fit behind"
        ),
    ),
}


@pytest.mark.parametrize(("files", "problem"), CASES.values(), ids=CASES.keys())
def test_a_broken_rule_is_told_at_its_line(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    assert folder(tmp_path, **files).problems() == [problem]


def test_checks_of_a_search_cluster_s_drill_mean_nothing(tmp_path: Path) -> None:
    text = (
        drilled("checks: clean.checks.sql", PRODUCTION)
        .replace("dbms: postgresql", "dbms: elasticsearch, repository: nightly")
        .replace("name: app_production", "indices: [a], name: app_production")
        .replace("name: other_production", "indices: [b], name: other_production")
    )
    staging = STAGING.partition("syncs:")[0]
    assert folder(tmp_path, production=text, staging=staging).problems() == [
        (
            "production.yaml:7: 'databases.app.verify' has 'checks', which means nothing on a "
            "search cluster: a drill restores its snapshot and compares documents; accepted: no "
            "'checks' here"
        )
    ]


def test_a_drill_says_when_for_how_long_and_with_which_checks(tmp_path: Path) -> None:
    entry = 'cron: "0 5 * * 0", deadline: 2h, checks: clean.checks.sql'
    made = folder(tmp_path, production=drilled(entry))
    (found,) = made.load().drills
    database = made.load().databases[0]
    assert found.checks is not None
    assert found == Drill(
        database,
        found.checks,
        Options(
            title="verify app of production",
            schedule=Schedule("0 5 * * 0"),
            deadline=timedelta(hours=2),
        ),
    )
    assert (found.checks.name, found.checks.path) == (
        "clean.checks.sql",
        made.scripts / "clean.checks.sql",
    )


def test_a_database_knows_the_scratch_server_of_its_kind(tmp_path: Path) -> None:
    inventory = folder(tmp_path, production=WITH_SCRATCH).load()
    scratch = {
        database.environment.name: database.scratch.name if database.scratch else None
        for database in inventory.databases
    }
    assert scratch == {"production": "spare", "staging": None}

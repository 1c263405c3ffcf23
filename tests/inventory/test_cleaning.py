"""Cleaning at the source: what an inventory must have for it, told at its line where it has not."""

from pathlib import Path

import pytest

from envsync.places import FileStorage
from tests.inventory.folders import PRODUCTION, STAGING, folder, integration, with_sync

SCRATCH = "  spare: {dbms: postgresql, host: spare.production, machine: admin, scratch: true}"
CLEAN = "clean_storage: {backend: file, directory: /backups/clean}"
READY = PRODUCTION.replace("servers:", f"{CLEAN}\nservers:").replace(
    "databases:", f"{SCRATCH}\ndatabases:"
)
"""The production file with a clean storage at line 4 and a scratch server at line 7."""
EDGE = "from: production, sanitise: clean.sql, sanitise_at: source"
SECOND = f"  other: {{database: app, {EDGE}}}"

CASES: dict[str, tuple[dict[str, str], str]] = {
    "no script": (
        {
            "production": READY,
            "staging": with_sync(
                "from: production, sanitise: never, because: it is public, sanitise_at: source"
            ),
        },
        (
            "staging.yaml:10: 'syncs.app' is sanitised at its source and names no script to be run "
            "there; accepted: 'sanitise: SCRIPT' as well"
        ),
    ),
    "no scratch server": (
        {
            "production": READY.replace(f"{SCRATCH}\n", ""),
            "staging": with_sync(EDGE),
        },
        (
            "staging.yaml:10: 'syncs.app' is sanitised at its source and comes from 'production', "
            "which has no scratch server of postgresql; accepted: a server with 'scratch: true' "
            "there"
        ),
    ),
    "no clean storage": (
        {"production": READY.replace(f"{CLEAN}\n", ""), "staging": with_sync(EDGE)},
        (
            "staging.yaml:10: 'syncs.app' is sanitised at its source and comes from 'production', "
            "which has no place for clean artefacts; accepted: 'clean_storage' there"
        ),
    ),
    "a clean storage that holds snapshots": (
        {
            "production": READY.replace(
                "{backend: file, directory: /backups/clean}",
                "{backend: elasticsearch, repository: clean}",
            ),
            "staging": with_sync(EDGE),
        },
        (
            "staging.yaml:10: 'syncs.app' is sanitised at its source and comes from 'production', "
            "whose clean storage is a repository of snapshots; accepted: another 'clean_storage', "
            "and 'repository' on the scratch cluster"
        ),
    ),
    "a scratch cluster without a repository": (
        {
            "production": READY.replace("dbms: postgresql", "dbms: elasticsearch").replace(
                "name: app_production", "indices: [a], name: app_production"
            ),
            "staging": with_sync(EDGE),
        },
        (
            "staging.yaml:10: 'syncs.app' is sanitised at its source and comes from 'production', "
            "whose scratch cluster has no repository of snapshots; accepted: 'repository: NAME' on "
            "'spare' there"
        ),
    ),
    "a clean storage within that of raw artefacts": (
        {"production": READY.replace("/backups/clean", "/backups/production/clean")},
        (
            "production.yaml:4: 'clean_storage' is file:///backups/production/clean, which is, "
            "holds or lies in the 'storage' of 'production', file:///backups/production; accepted: "
            "another bucket, folder or repository, for who reads the one not to read the other"
        ),
    ),
    "a clean storage that is another environment's": (
        {"production": READY.replace("/backups/clean", "/backups/staging")},
        (
            "production.yaml:4: 'clean_storage' is file:///backups/staging, which is, holds or lies "
            "in the 'storage' of 'staging', file:///backups/staging; accepted: another bucket, "
            "folder or repository, for who reads the one not to read the other"
        ),
    ),
    "two that share one artefact and name two lots of rows to leave out": (
        {
            "production": READY,
            "staging": with_sync(EDGE),
            "integration": integration(f"  app: {{{EDGE}, exclude_table_data: [events]}}"),
        },
        (
            "staging.yaml:10: 'syncs.app' and 'syncs.app' in integration.yaml:10 take one clean "
            "artefact and differ in 'exclude_table_data'; accepted: the same for both, or "
            "'sanitise_at: target'"
        ),
    ),
    "an unknown place": (
        {"production": READY, "staging": with_sync(EDGE.replace("at: source", "at: home"))},
        ("staging.yaml:10: 'syncs.app.sanitise_at' is 'home'; accepted: 'source' or 'target'"),
    ),
    "an unknown key of a clean storage": (
        {"production": READY.replace("directory: /backups/clean", "folder: /backups/clean")},
        "production.yaml:4: the key 'directory' is missing in 'clean_storage'; accepted: the folder artefacts lie in",
    ),
    "a restore of one's own backups": (
        {
            "production": READY
            + "syncs:\n  app: {from: production, ensure: disabled, sanitise: clean.sql, "
            "sanitise_at: source}\n"
        },
        (
            "production.yaml:14: 'syncs.app' is sanitised at its source and restores its own "
            "backups; accepted: no 'sanitise_at' where data stays"
        ),
    ),
}


@pytest.mark.parametrize(("files", "problem"), CASES.values(), ids=CASES.keys())
def test_a_broken_rule_is_told_at_its_line(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    assert problem in folder(tmp_path, **files).problems()


def test_two_scripts_cannot_make_one_artefact_clean(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        production=READY,
        staging=with_sync(EDGE),
        integration=integration(f"  app: {{{EDGE.replace('clean.sql', 'other.sql')}}}"),
    )
    for name in ("other.sql", "other.checks.sql", "other.columns.yaml"):
        content = (made.scripts / name.replace("other", "clean")).read_text()
        (made.scripts / name).write_text(content)
    told = [problem for problem in made.problems() if "take one clean artefact" in problem]
    assert [problem.partition("differ in ")[2].split(";")[0] for problem in told] == ["'sanitise'"]


def test_what_is_cleaned_is_pulled_from_the_clean_storage(tmp_path: Path) -> None:
    inventory = folder(tmp_path, production=READY, staging=with_sync(EDGE)).load()
    (sync,) = inventory.syncs
    assert (sync.is_cleaned, sync.storage) == (True, FileStorage("/backups/clean"))
    assert sync.source.storage == FileStorage("/backups/production")


def test_a_snapshot_of_a_scratch_cluster_needs_a_repository_of_its_own(tmp_path: Path) -> None:
    text = (
        READY.replace("dbms: postgresql", "dbms: elasticsearch, repository: nightly")
        .replace("name: app_production", "indices: [a], name: app_production")
        .replace("name: other_production", "indices: [b], name: other_production")
    )
    staging = STAGING.partition("syncs:")[0]
    assert folder(tmp_path, production=text, staging=staging).problems() == [
        (
            "production.yaml:7: 'servers.spare' has the repository 'nightly', as has "
            "'servers.main' in production.yaml:6, whose snapshots are raw; accepted: one of its own"
        )
    ]

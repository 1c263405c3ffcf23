"""What becomes of artefacts, by what was observed of each, and the commands that remove them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from envsync.artefacts import ArtefactKey, Stamp
from envsync.dbms.pruning import fates, removal
from envsync.facts.shelf import Lying
from envsync.inventory.model import Dbms, Retention
from envsync.places import Endpoint, SnapshotRepository
from tests.fleet import PUBLISHING

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
DATABASE = replace(PUBLISHING["production"], retention=Retention(keep_daily=1))


def lying(days: int, drill: str = "", trouble: str = "") -> Lying:
    key = ArtefactKey("postgresql", Stamp(NOW - timedelta(days=days)), DATABASE.name)
    return Lying(key, 18, trouble, drill)


def test_without_a_retention_all_is_kept() -> None:
    found = fates(PUBLISHING["production"], [lying(n) for n in range(100)], set(), NOW)
    assert all(fate.keep for fate in found)


@pytest.mark.parametrize(
    ("drill", "restored", "kept"),
    [
        ("", False, False),
        ("healthy", False, True),
        ("unclear", False, True),
        ("red", False, False),
        ("", True, True),
        ("red", True, False),
        ("healthy", True, True),
    ],
)
def test_an_old_artefact_is_kept_if_it_is_the_last_known_to_be_restorable(
    drill: str, *, restored: bool, kept: bool
) -> None:
    old = lying(50, drill)
    moments = {old.key.stamp.moment} if restored else set()
    newest, found = fates(DATABASE, [old, lying(0)], moments, NOW)
    assert (newest.keep, found.keep) == (True, kept)


def test_the_manifest_goes_first_and_what_lies_beside_last() -> None:
    storage = DATABASE.environment.storage
    found = replace(lying(9), sidecars=("a.verification.json",))
    (command,) = removal(DATABASE, storage, found)
    key = found.key
    assert list(command.lines()) == [
        f"delete {storage.url}/{name}" for name in (key.manifest, key, "a.verification.json")
    ]


def test_a_snapshot_is_deleted_by_its_cluster() -> None:
    endpoint = Endpoint("search", "search.production", 9200, None)
    repository = SnapshotRepository("production", endpoint)
    server = replace(DATABASE.server, dbms=Dbms.ELASTICSEARCH, endpoint=endpoint)
    search = replace(DATABASE, server=server)
    key = ArtefactKey("elasticsearch", Stamp(NOW), "search", "snapshot")
    (command,) = removal(search, repository, Lying(key, 1))
    assert list(command.lines()) == [
        "PUT https://search.production:9200/envsync-claims/_create/push-search (held until the end)",
        "DELETE https://search.production:9200/_snapshot/production/envsync-search@20261125t080000z",
    ]

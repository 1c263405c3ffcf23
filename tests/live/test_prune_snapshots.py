"""Pruning a repository of snapshots: through the cluster, and never while it is at them."""

from pathlib import Path

import pytest

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import Location
from envsync.commands.elasticsearch_snapshots import TakeSnapshot
from envsync.facts.elasticsearch import snapshot_name
from envsync.gateways.elasticsearch.claims import Lease
from envsync.gateways.elasticsearch.cluster import connect
from envsync.gateways.elasticsearch.snapshot import take_snapshot
from envsync.gateways.scope import Scope
from envsync.places import Endpoint, SnapshotRepository
from tests.fleet import MANIFEST
from tests.live.prune_site import ago
from tests.live.search_site import SearchSite, make_search_site
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live


def endpoint(site: SearchSite) -> Endpoint:
    return Endpoint("search", "127.0.0.1", site.production.port, tls="disable")


def snapshot(site: SearchSite, stamp: Stamp) -> None:
    """Take a snapshot as a push would have at a moment."""
    key = ArtefactKey("elasticsearch", stamp, "search", "snapshot")
    take_snapshot(
        TakeSnapshot(
            endpoint(site),
            Location(SnapshotRepository(site.repository, endpoint(site)), key),
            snapshot_name("search", stamp),
            ("orders",),
            _manifest(stamp),
        ),
        Scope(),
    )


def _manifest(stamp: Stamp) -> Manifest:
    says = {
        "database": "search",
        "name": "search",
        "dbms": "elasticsearch",
        "stamp": str(stamp),
        "format": "snapshot",
        "row_counts": "estimate",
        "rows": {"orders": 50},
        "bytes_uncompressed": 1_000,
    }
    return MANIFEST.model_copy(update=says)


@pytest.fixture
def search(tmp_path: Path, opensearch: SearchClusters) -> SearchSite:
    site = make_search_site(tmp_path, opensearch)
    site.write(production={"retention": {"keep_daily": 2}})
    for n in (1, 3, 4, 5):
        snapshot(site, ago(n))
    return site


def test_snapshots_that_no_rule_keeps_are_deleted_by_their_cluster(search: SearchSite) -> None:
    before = search.snapshots()
    dry = search.run("prune", "--env", "production", "--dry-run")
    assert (dry.code, search.snapshots()) == (0, before), dry.err
    oldest = snapshot_name("search", ago(5))
    assert f"/_snapshot/{search.repository}/{oldest}" in dry.out
    ran = search.run("prune", "--env", "production")
    assert ran.code == 0, ran.out
    assert [what for what, _ in _lines(ran.out)] == ["keep", "keep", "remove", "remove"]
    assert {name for name, _ in search.snapshots()} == {
        snapshot_name("search", ago(n)) for n in (1, 3)
    }


def test_no_snapshot_goes_while_another_machine_takes_one(search: SearchSite) -> None:
    before = search.snapshots()
    lease = Lease(connect(endpoint(search), Scope()), "push-search", {"snapshot": "one"})
    assert lease.take() is None
    with lease.kept(Scope()):
        ran = search.run("prune", "--env", "production")
    assert (ran.code, search.snapshots()) == (2, before)
    assert "is at the snapshots of 'search'" in ran.out


def test_one_way_of_keeping_snapshots_excludes_the_other(search: SearchSite) -> None:
    both = {"retention": {"keep_daily": 2}, "databases.search.keep_snapshots": 3}
    search.write(production=both)
    ran = search.run("prune", "--env", "production", "--dry-run")
    assert ran.code == 2
    assert (
        "'databases.search' has 'keep_snapshots', and a retention holds for it; accepted: one of "
        "them, 'retention' with envsync prune, or 'keep_snapshots' with every push"
    ) in ran.err


def _lines(out: str) -> list[tuple[str, str]]:
    rows = [line for line in out.splitlines() if line.startswith("search (")]
    return [("keep" if " keep " in row else "remove", row) for row in rows]

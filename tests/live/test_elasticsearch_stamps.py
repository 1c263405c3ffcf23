"""Snapshots whose moment cannot be: one that is yet to come is never taken for the newest."""

from pathlib import Path

import pytest

from tests.live.search_site import YESTERDAY, SearchSite, make_search_site
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live


@pytest.fixture
def search(tmp_path: Path, opensearch: SearchClusters) -> SearchSite:
    return make_search_site(tmp_path, opensearch)


def push_ahead_of_time(site: SearchSite) -> None:
    """Take the snapshot that a push leaves whose machine's clock is years ahead."""
    assert site.run("push", "search", "--env", "production").code == 0
    where = f"/_snapshot/{site.repository}"
    (pushed,) = site.production.ask("GET", f"{where}/*")["snapshots"]
    described = {**pushed["metadata"]["envsync"], "stamp": "2099-11-20T02:40:00Z"}
    body = {
        "indices": pushed["indices"],
        "include_global_state": False,
        "metadata": {"envsync": described},
    }
    snapshot = "envsync-search@20991120t024000z"
    site.production.ask("PUT", f"{where}/{snapshot}?wait_for_completion=true", body)


def test_a_snapshot_of_a_time_yet_to_come_is_refused(search: SearchSite) -> None:
    push_ahead_of_time(search)
    ran = search.run("pull", "search")
    assert (ran.code, "2099-11-20T02:40:00Z, which is yet to come" in ran.err) == (2, True), ran.err
    assert (search.integration.documents("people"), search.own()) == (YESTERDAY, {})

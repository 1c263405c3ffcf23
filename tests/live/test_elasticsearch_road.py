"""The main road of search indices: snapshot, restore beside, sanitise, check, promote, roll back."""

import threading
from pathlib import Path

import pytest

from tests.live.search_site import (
    ORDERS,
    SANITISED,
    YESTERDAY,
    SearchSite,
    make_search_site,
)
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live


@pytest.fixture
def search(tmp_path: Path, opensearch: SearchClusters) -> SearchSite:
    return make_search_site(tmp_path, opensearch)


def test_a_sync_brings_production_s_documents_sanitised(search: SearchSite) -> None:
    ran = search.run("sync", "search", "--env", "integration")
    assert ran.code == 0, ran.err
    assert search.integration.documents("people") == SANITISED
    assert search.integration.documents("orders") == ORDERS


def test_a_rollback_puts_yesterday_back_and_a_second_one_undoes_it(search: SearchSite) -> None:
    assert search.run("sync", "search").code == 0
    seen = []
    for _ in range(2):
        ran = search.run("rollback", "search", "--env", "integration")
        assert ran.code == 0, ran.err
        seen.append(
            (search.integration.documents("people"), search.integration.documents("orders"))
        )
    assert seen == [(YESTERDAY, ORDERS[:1]), (SANITISED, ORDERS)]


def test_the_indices_before_the_previous_are_dropped_and_nothing_else(search: SearchSite) -> None:
    for _ in range(3):
        ran = search.run("sync", "search")
        assert ran.code == 0, ran.err
    live = [name for name, aliases in search.own().items() if aliases]
    previous = [name for name, aliases in search.own().items() if not aliases]
    assert (len(live), len(previous)) == (2, 2)
    assert "people-2025" not in search.integration.indices()


def test_clients_that_keep_searching_never_miss_an_answer(search: SearchSite) -> None:
    assert search.run("sync", "search").code == 0
    ended = threading.Event()
    wrong: list[object] = []
    answers = 0

    def keep_searching() -> None:
        nonlocal answers
        while not ended.wait(0.01):
            for name in ("people", "orders"):
                status, answer = search.integration.answer("GET", f"/{name}/_search?size=1")
                answers += 1
                if (
                    status != 200
                    or answer["_shards"]["failed"]
                    or not answer["hits"]["total"]["value"]
                ):
                    wrong.append((status, answer))

    client = threading.Thread(target=keep_searching)
    client.start()
    try:
        ran = search.run("sync", "search")
        back = search.run("rollback", "search", "--env", "integration")
    finally:
        ended.set()
        client.join()
    assert (ran.code, back.code, wrong) == (0, 0, []), ran.err
    assert answers > 100


def test_nobody_s_wildcard_finds_what_is_not_promoted_or_is_previous(search: SearchSite) -> None:
    assert search.run("sync", "search").code == 0
    found = search.integration.ask("GET", "/*,-.*/_search?size=0&track_total_hits=true")
    assert found["hits"]["total"]["value"] == len(SANITISED) + len(ORDERS)


def test_a_push_is_a_snapshot_that_backups_lists_and_a_timestamp_picks(search: SearchSite) -> None:
    assert search.run("push", "search", "--env", "production").code == 0
    ((name, state),) = search.snapshots()
    listed = search.run("backups", "search", "--env", "production")
    stamp = f"{name[15:19]}-{name[19:21]}-{name[21:23]}T{name[24:26]}:{name[26:28]}"
    assert (state, stamp in listed.out, " 250 " in listed.out) == ("SUCCESS", True, True), (
        listed.out
    )
    ran = search.run("pull", "search", "--timestamp", stamp)
    assert (ran.code, len(search.integration.documents("people"))) == (0, 200), ran.err


def test_a_dry_run_shows_the_requests_and_sends_none_that_changes_anything(
    search: SearchSite,
) -> None:
    before = search.integration.indices()
    ran = search.run("sync", "search", "--dry-run")
    assert ran.code == 0, ran.err
    for request in (
        f"PUT http://127.0.0.1:{search.production.port}/_snapshot/{search.repository}/envsync-search@",
        '"indices": ["orders", "people-2026"]',
        f"POST http://127.0.0.1:{search.integration.port}/_snapshot/{search.repository}/envsync-search@",
        '"index_settings": {"index.hidden": true}',
        "# 'orders' is an index: it is converted to an alias, this once",
        '{"remove_index": {"index": "orders"}}',
        '{"remove": {"index": "people-2025", "alias": "people"}}',
        "sanitise 127.0.0.1",
    ):
        assert request in ran.out, ran.out
    assert (search.snapshots(), search.integration.indices()) == ([], before)
    assert search.run("sync", "search").code == 0
    assert "converted" not in search.run("sync", "search", "--dry-run").out

"""What goes wrong with search indices: the live ones serve on, nothing is left, secrets stay so."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.live.search_site import (
    ORDERS,
    SANITISED,
    SCRIPT,
    YESTERDAY,
    SearchSite,
    make_search_site,
)
from tests.servers.gateway import gateway
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

PASSWORD = 'it\'s:a \\"secret" %2F=ü€'
HOSTILE = "o'rders+$1%ü"


@pytest.fixture
def search(tmp_path: Path, opensearch: SearchClusters) -> SearchSite:
    return make_search_site(tmp_path, opensearch)


def _is_untouched(search: SearchSite) -> None:
    assert search.integration.documents("people") == YESTERDAY
    assert search.integration.documents("orders") == ORDERS[:1]
    assert search.own() == {}


def test_lost_answers_hostile_names_and_passwords_do_not_matter(search: SearchSite) -> None:
    search.production.fill(HOSTILE, ORDERS)
    search.script(keep=["o*"])
    with (
        gateway(search.production.port, "envsync", PASSWORD) as source,
        gateway(search.integration.port, "envsync", PASSWORD) as target,
    ):
        search.ports |= {"production": source.port, "integration": target.port}
        access = {"servers.search.user": "envsync", "servers.search.password": {"env": "SECRET"}}
        indices = {"databases.search.indices": ["people", "orders", HOSTILE]}
        search.write(production={**access, **indices}, integration={**access, **indices})
        source.lose("PUT", "/_snapshot/", "504")
        source.lose("GET", "/_snapshot/", "empty")
        target.lose("PUT", "/envsync-claims/_doc", "504")
        target.lose("POST", "/_restore", "drop")
        target.lose("GET", "/_cluster/health", "504")
        target.lose("POST", "/_update_by_query", "504")
        target.lose("PUT", "/_clone", "drop")
        target.lose("POST", "/_aliases", "504")
        shown = search.run("sync", "search", "--dry-run", SECRET=PASSWORD)
        lost = len(source.lost) + len(target.lost)
        ran = search.run("sync", "search", SECRET=PASSWORD)
    assert (ran.code, shown.code) == (0, 0), ran.err + shown.err
    assert len(source.lost) + len(target.lost) == 8, (source.lost, target.lost, lost)
    assert search.integration.documents("people") == SANITISED
    assert search.integration.documents(HOSTILE) == ORDERS
    for said in (ran.out, ran.err, shown.out, shown.err):
        assert "secret" not in said
        assert source.token.split()[1] not in said


BAD_SCRIPTS: dict[str, tuple[dict[str, Any], str]] = {
    "an update that fails": (
        {
            "sanitise": [
                {"update": {"indices": ["people"], "script": "Integer.parseInt(ctx._source.email)"}}
            ]
        },
        "step 1 of search.elasticsearch.yaml failed in",
    ),
    "an update that is no script": (
        {"sanitise": [{"update": {"indices": ["people"], "script": "ctx._source.email ="}}]},
        "step 1 of search.elasticsearch.yaml failed",
    ),
    "a check that finds something": (
        {"checks": [{"name": "nobody in town 7", "query": {"match_phrase": {"town": "Town 7"}}}]},
        "check 'nobody in town 7' of search.elasticsearch.yaml found 1 documents in",
    ),
    "an index nobody thought of": (
        {"keep": []},
        "search.elasticsearch.yaml says nothing of 'orders'; name it in a step, or under keep:",
    ),
    "an index that is not there": (
        {"keep": ["orders"], "sanitise": [*SCRIPT["sanitise"], {"delete": {"indices": ["users"]}}]},
        "step 2 of search.elasticsearch.yaml is about 'users', which is none of",
    ),
}


def test_a_script_that_fails_promotes_nothing_and_tells_no_document(search: SearchSite) -> None:
    assert search.run("push", "search", "--env", "production").code == 0
    for changes, message in BAD_SCRIPTS.values():
        search.script(**changes)
        ran = search.run("pull", "search")
        assert (ran.code, message in ran.err) == (1, True), ran.err
        assert "private.example" not in ran.err
        _is_untouched(search)
    search.script(sanitise=[{"change": {}}])
    ran = search.run("pull", "search")
    assert (ran.code, "search.elasticsearch.yaml cannot be run: sanitise.0" in ran.err) == (2, True)
    search.script()
    assert search.run("pull", "search").code == 0


def test_a_snapshot_that_is_not_whole_is_no_artefact(search: SearchSite) -> None:
    production = search.production
    production.fill("orders-broken", ORDERS)
    production.ask("POST", "/orders-broken/_flush?force=true")
    uuid = production.ask("GET", "/orders-broken/_settings")["orders-broken"]["settings"]["index"]
    (shard,) = production.folder.rglob(f"{uuid['uuid']}/0/index")
    for file in (*shard.glob("*.cfs"), *shard.glob("*.fdt")):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(content)
    search.write(production={"databases.search.indices": ["people", "orders*"]})
    ran = search.run("push", "search", "--env", "production")
    assert (ran.code, "ended as PARTIAL, 1 of 3 shards failed" in ran.err) == (1, True), ran.err
    assert search.snapshots() == []
    assert "has no artefacts" in search.run("backups", "search", "--env", "production").out


def test_an_index_without_a_node_to_hold_it_fails_the_push(search: SearchSite) -> None:
    nowhere = {"settings": {"index.routing.allocation.require.box": "none"}}
    search.production.ask("PUT", "/orders-nowhere?wait_for_active_shards=0", nowhere)
    search.write(production={"databases.search.indices": ["people", "orders*"]})
    ran = search.run("push", "search", "--env", "production")
    assert (ran.code, "only 0 of the shards of orders-nowhere" in ran.err) == (2, True), ran.err
    assert search.snapshots() == []


def test_a_restore_of_a_damaged_snapshot_leaves_the_live_indices(search: SearchSite) -> None:
    assert search.run("push", "search", "--env", "production").code == 0
    for blob in (search.production.repositories / search.repository / "indices").rglob("__*"):
        blob.unlink()
    ran = search.run("pull", "search")
    assert (ran.code, "cannot be restored from envsync-search@" in ran.err) == (1, True), ran.err
    _is_untouched(search)


def test_three_pushes_at_once_take_one_snapshot_and_all_tell_how_it_ended(
    search: SearchSite,
) -> None:
    settings = {
        "location": str(search.production.repositories / search.repository),
        "max_snapshot_bytes_per_sec": "2kb",
    }
    body = {"type": "fs", "settings": settings}
    search.production.ask("PUT", f"/_snapshot/{search.repository}", body)
    runs = [
        search.start("push", "search", "--env", "production", ENVSYNC_STATE=str(search.folder / n))
        for n in ("one", "two", "three")
    ]
    told = [run.communicate(timeout=100)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], told
    assert [state for _, state in search.snapshots()] == ["SUCCESS"]
    assert sum("waiting for it" in each for each in told) == 2, told


def test_an_application_that_creates_the_index_meanwhile_spoils_nothing(search: SearchSite) -> None:
    assert search.run("push", "search", "--env", "production").code == 0
    search.integration.ask("DELETE", "/orders")
    ended = threading.Event()

    def keep_writing() -> None:
        while not ended.wait(0.05):
            search.integration.answer("PUT", "/orders/_doc/9999", {"number": 9999})

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        ran = search.run("pull", "search")
    finally:
        ended.set()
        writer.join()
    assert ran.code == 0, ran.err
    (behind,) = search.integration.ask("GET", "/orders/_alias")
    assert behind.endswith("-orders")
    search.integration.ask("POST", "/orders/_refresh")
    assert search.integration.documents("orders")[:50] == ORDERS


def test_a_run_that_is_killed_is_cleared_up_by_the_next(search: SearchSite) -> None:
    assert search.run("push", "search", "--env", "production").code == 0
    slow = "long end = System.currentTimeMillis() + 40; while (System.currentTimeMillis() < end) {}"
    update = {"update": {"indices": ["people"], "script": slow}}
    search.script(sanitise=[update, *SCRIPT["sanitise"]])
    killed = search.start("pull", "search")
    deadline = time.monotonic() + 60
    while not search.own() and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.kill()
    killed.communicate()
    assert killed.returncode != 0
    assert search.integration.documents("people") == YESTERDAY
    search.script()
    ran = search.run("pull", "search", ENVSYNC_STATE=str(search.folder / "elsewhere"))
    assert ran.code == 0, ran.err
    assert search.integration.documents("people") == SANITISED
    assert len([name for name, aliases in search.own().items() if aliases]) == 2


def test_a_target_that_could_write_to_the_source_s_repository_is_refused(
    search: SearchSite,
) -> None:
    settings = {"location": str(search.integration.repositories / search.repository)}
    body = {"type": "fs", "settings": settings}
    search.integration.ask("PUT", f"/_snapshot/{search.repository}", body)
    ran = search.run("sync", "search")
    assert (ran.code, "is not read-only on search" in ran.err) == (2, True), ran.err
    search.integration.ask("DELETE", f"/_snapshot/{search.repository}")
    ran = search.run("sync", "search")
    assert (ran.code, f"there is no repository '{search.repository}'" in ran.err) == (2, True)
    assert search.snapshots() == []

"""F17: answers get lost at a gateway though the work goes on; a snapshot that is partial is none."""

from pathlib import Path

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.search_scene import SearchScene
from tests.live.search_site import ORDERS
from tests.servers.gateway import Fault, gateway

pytestmark = pytest.mark.live

AGAIN = ("sync", "search")
PUSH: list[tuple[str, str, Fault]] = [
    ("PUT", "/_snapshot/", "504"),
    ("GET", "/_snapshot/", "empty"),
    ("GET", "/_snapshot/", "504"),
    ("PUT", "/envsync-claims/_doc", "drop"),
]
PULL: list[tuple[str, str, Fault]] = [
    ("PUT", "/envsync-claims/_doc", "504"),
    ("POST", "/_restore", "504"),
    ("GET", "/_cluster/health", "empty"),
    ("POST", "/_update_by_query", "504"),
    ("PUT", "/_clone", "504"),
    ("PUT", "/_mapping", "504"),
    ("POST", "/_aliases", "504"),
]


def test_an_answer_that_gets_lost_at_any_stage_is_got_over(search_scene: SearchScene) -> None:
    """All are lost in one run; each has been carried out, or will be asked for again."""
    site, old = search_scene.site, search_scene.served()
    with gateway(site.production.port) as source, gateway(site.integration.port) as target:
        site.ports |= {"production": source.port, "integration": target.port}
        site.write()
        for fault in PUSH:
            source.lose(*fault)
        for fault in PULL:
            target.lose(*fault)
        ended = search_scene.run(*AGAIN)
        assert sorted(source.lost) == sorted(part for _, part, _ in PUSH)
        assert sorted(target.lost) == sorted(part for _, part, _ in PULL)
        assert [state for _, state in site.snapshots()] == ["SUCCESS"]
        assert_aftermath(search_scene, ended, old, Serves.FRESH, AGAIN)


def damage(scene: SearchScene, index: str) -> None:
    """Flip bits in an index's files, so that no snapshot of its shard can be made."""
    production = scene.site.production
    production.fill(index, ORDERS)
    production.ask("POST", f"/{index}/_flush?force=true")
    found = production.ask("GET", f"/{index}/_settings")[index]["settings"]["index"]
    (shard,) = production.folder.rglob(f"{found['uuid']}/0/index")
    for file in (*shard.glob("*.cfs"), *shard.glob("*.fdt")):
        _flip(file)


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def test_a_partial_snapshot_is_a_failure_and_no_artefact(search_scene: SearchScene) -> None:
    site, old = search_scene.site, search_scene.served()
    damage(search_scene, "orders-broken")
    site.write(production={"databases.search.indices": ["people", "orders*"]})
    ended = search_scene.run(*AGAIN)
    assert "ended as PARTIAL, 1 of 3 shards failed" in ended.err
    assert "needs push search from production, which failed" in ended.err
    assert site.snapshots() == []
    assert "has no artefacts" in search_scene.run("backups", "search", "--env", "production").out
    site.production.ask("DELETE", "/orders-broken")
    assert_aftermath(search_scene, ended, old, again=AGAIN)

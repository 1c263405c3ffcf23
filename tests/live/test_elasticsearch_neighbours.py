"""What others do to live indices, and pulls that end while an index takes no writes."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.gated import gated_search
from tests.failures.search_scene import SearchScene
from tests.failures.stages import Heard, Stage, Steps
from tests.live.search_site import ORDERS
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

SYNC, PULL = ("sync", "search"), ("pull", "search")
ROLLBACK = ("rollback", "search", "--env", "integration")
ALIASES = Stage(asks="cluster: POST /_aliases")


@pytest.fixture
def steps(tmp_path: Path, opensearch: SearchClusters) -> Iterator[Steps[SearchScene]]:
    """A scene that serves what was there before envsync came, and has an artefact."""
    with gated_search(tmp_path, opensearch) as made:
        assert made.scene.run("push", "search", "--env", "production").code == 0
        yield made


def failing(scene: SearchScene) -> None:
    """Have the runs to come end before they promote anything."""
    scene.site.script(checks=[{"name": "nobody", "query": {"match_all": {}}}])


def takes_writes(scene: SearchScene, index: str) -> bool:
    status, _ = scene.site.integration.answer("PUT", f"/{index}/_doc/new", {"number": 9})
    return status in {200, 201}


def test_a_rollback_onto_an_index_that_somebody_has_made_is_refused(
    steps: Steps[SearchScene],
) -> None:
    scene = steps.scene
    assert [scene.run(*SYNC).code for _ in range(2)] == [0, 0]
    cluster = scene.site.integration
    (behind,) = cluster.ask("GET", "/orders/_alias")
    cluster.ask("DELETE", f"/{behind}")
    cluster.ask("PUT", "/orders/_doc/1?refresh=true", {"number": 1})
    served = scene.served()
    refused = scene.run(*ROLLBACK)
    assert (refused.code, scene.served()) == (2, served), refused.err
    assert "'orders' is an index on" in refused.err
    ran = scene.run(*PULL)
    assert (ran.code, scene.served()) == (0, scene.fresh()), ran.err


def test_a_pull_whose_indices_somebody_deletes_ends_and_promotes_nothing(
    steps: Steps[SearchScene],
) -> None:
    scene = steps.scene
    old = scene.served()
    steps.gates.stop_at(ALIASES.is_reached_by, "unheard")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    (orders,) = [name for name in scene.site.own() if name.endswith("z-orders")]
    scene.site.integration.ask("DELETE", f"/{orders}")
    steps.gates.resume()
    ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (1, old), ended.err
    assert f"{orders} has gone from" in ended.err
    assert (takes_writes(scene, "orders"), scene.site.own()) == (True, {})


def is_second_clone(heard: Heard) -> bool:
    return heard.asks.startswith("cluster: PUT /visits/_clone")


def test_a_pull_that_is_ended_leaves_no_index_without_writes(steps: Steps[SearchScene]) -> None:
    scene = steps.scene
    for cluster in (scene.site.production, scene.site.integration):
        cluster.fill("visits", ORDERS)
    change = {"databases.search.indices": ["people", "orders", "visits"]}
    scene.site.script(keep=["orders", "visits"])
    scene.site.write(production=change, integration=change)
    assert scene.run("push", "search", "--env", "production").code == 0
    steps.gates.stop_at(is_second_clone, "unanswered")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    pulling.send_signal(signal.SIGTERM)
    ended = steps.ended(pulling)
    steps.gates.resume()
    assert ended.code == 1, ended.err
    assert [takes_writes(scene, each) for each in ("orders", "visits")] == [True, True], ended.err
    assert scene.site.own() == {}


def test_an_index_that_a_killed_pull_left_without_writes_has_them_after_one_that_fails(
    steps: Steps[SearchScene],
) -> None:
    scene = steps.scene
    with steps.stopped(ALIASES, "unheard", *PULL) as pulling:
        pulling.kill()
    assert not takes_writes(scene, "orders")
    failing(scene)
    ran = scene.run(*PULL)
    assert (ran.code, takes_writes(scene, "orders")) == (1, True), ran.err


def is_second_finish(heard: Heard) -> bool:
    return heard.asks.endswith("-people-2026/_mapping") and "PUT" in heard.asks


def test_a_pull_that_is_ended_before_it_is_served_becomes_no_previous(
    steps: Steps[SearchScene],
) -> None:
    scene = steps.scene
    assert [scene.run(*SYNC).code for _ in range(2)] == [0, 0]
    old, kept = scene.served(), scene.site.own()
    steps.gates.stop_at(is_second_finish, "unanswered")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    pulling.send_signal(signal.SIGTERM)
    ended = steps.ended(pulling)
    steps.gates.open()
    assert (ended.code, scene.served(), scene.site.own()) == (1, old, kept), ended.err


def test_a_signal_while_the_aliases_move_lets_them_and_nothing_is_cleared_away(
    steps: Steps[SearchScene],
) -> None:
    scene = steps.scene
    steps.gates.stop_at(ALIASES.is_reached_by, "unheard")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    pulling.send_signal(signal.SIGTERM)
    time.sleep(2)
    steps.gates.resume()
    ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (0, scene.fresh()), ended.err
    assert "done, but" in ended.err

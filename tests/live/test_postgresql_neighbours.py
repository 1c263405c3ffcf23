"""What others do on a server while databases change their names, or a run is not heard of."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.failures.aftermath import assert_nothing_left
from tests.failures.gated import gated_postgresql
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.stages import Heard, Stage, Steps
from tests.live.site import Site
from tests.servers.postgresql import PASSWORD, Postgresql

pytestmark = pytest.mark.live

PULL = ("pull", "app")
RENAME, COMMIT = (
    Stage(asks=f"postgres: {asks}") for asks in ("ALTER DATABASE RENAME TO", "COMMIT")
)


@pytest.fixture
def steps(tmp_path: Path, postgresql: Postgresql) -> Iterator[Steps[PostgresqlScene]]:
    with gated_postgresql(tmp_path, postgresql) as made:
        yield made


def is_promoting(heard: Heard) -> bool:
    return heard.doing == "promoting"


@pytest.mark.parametrize("dropped", ["", "__previous"])
def test_a_database_that_is_dropped_meanwhile_does_not_keep_the_copy_out(
    steps: Steps[PostgresqlScene], dropped: str
) -> None:
    scene = steps.scene
    scene.next_run()
    steps.gates.stop_at(is_promoting, "unheard")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    scene.site.integration.run(f'DROP DATABASE "{scene.site.target}{dropped}"')
    steps.gates.resume()
    ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (0, scene.fresh()), ended.err
    assert_nothing_left(scene)


def test_a_session_that_comes_just_before_the_rename_is_waited_for(
    steps: Steps[PostgresqlScene],
) -> None:
    scene = steps.scene
    scene.next_run()
    steps.gates.stop_at(RENAME.is_reached_by, "unheard")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    conninfo = scene.site.integration.conninfo(scene.site.target)
    with psycopg.connect(conninfo, password=PASSWORD) as connection:
        connection.execute("SELECT")
        steps.gates.resume()
        time.sleep(3)
    ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (0, scene.fresh()), ended.err


def test_a_promote_that_is_not_heard_of_keeps_applications_waiting_for_seconds(
    steps: Steps[PostgresqlScene],
) -> None:
    scene = steps.scene
    old = scene.served()
    scene.next_run()
    steps.gates.stop_at(COMMIT.is_reached_by, "unheard")
    pulling = steps.start(*PULL)
    steps.gates.wait(lambda: pulling.poll() is not None)
    served = []
    asking = threading.Thread(target=lambda: served.append(scene.served()), daemon=True)
    asking.start()
    asking.join(20)
    steps.gates.resume()
    ended = steps.ended(pulling)
    asking.join()
    assert (ended.code, served, scene.served()) == (1, [old], old), ended.err
    assert "what was live still is" in ended.err


def test_a_promote_whose_copy_another_run_has_dropped_is_not_told_as_done(
    steps: Steps[PostgresqlScene],
) -> None:
    scene = steps.scene
    old = scene.served()
    scene.next_run()
    with steps.stopped(COMMIT, "unheard", *PULL) as pulling:
        incoming = f"{scene.site.target}__incoming"
        scene.site.integration.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COMMENT%'"
        )
        scene.site.integration.run(f'DROP DATABASE "{incoming}" WITH (FORCE)')
        steps.gates.open()
        ended = steps.ended(pulling)
    assert (ended.code, scene.served()) == (1, old), ended.err


def test_sessions_in_what_a_killed_run_left_are_ended_by_who_may_end_any(site: Site) -> None:
    server = site.integration
    left, monitor = f"{site.target}__discarded", server.role("monitor")
    server.run(f'GRANT pg_signal_backend TO "{site.admin}"')
    server.run(f'CREATE DATABASE "{left}" OWNER "{site.owner}"')
    with psycopg.connect(server.conninfo(left, monitor), password=PASSWORD) as connection:
        connection.execute("SELECT")
        ran = site.run("sync", "app")
        assert ran.code == 0, ran.err
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT")

"""F22: a lock for each step and no more: others go on beside it, and dead ones keep nobody out."""

import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from envsync.execution.journal import Entry, Journal
from tests.failures.aftermath import SYNC, assert_aftermath, assert_nothing_left
from tests.failures.neighbours import with_neighbour
from tests.failures.postgresql_scene import PostgresqlScene
from tests.live.program import PATIENCE, Ran
from tests.servers.waiting import until

pytestmark = pytest.mark.live

WAIT = "SELECT pg_sleep(3);\n"
WAITING = """
SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND datname = '{}__incoming'
"""


@pytest.fixture
def neighbours(scene: PostgresqlScene) -> Iterator[PostgresqlScene]:
    """A scene with a second database in both environments, independent of the first."""
    with with_neighbour(scene):
        yield scene


def is_waiting(scene: PostgresqlScene, name: str) -> bool:
    return bool(scene.site.integration.run(WAITING.format(name)))


def pulls(folder: Path) -> dict[str, Entry]:
    """Return the last pull of each database, by its key."""
    journal = Journal(folder / "state" / "journal.sqlite")
    return {
        key: next(entry for entry in journal.history(key) if entry.verb == "pull")
        for key in ("app", "neighbour")
    }


def test_independent_steps_run_side_by_side(neighbours: PostgresqlScene) -> None:
    """Each script sleeps for three seconds: they would not overlap behind one lock."""
    scene = neighbours
    scene.next_run(WAIT)
    ran = scene.run("nightly", "--env", "integration", "--jobs", "2")
    assert ran.code == 0, ran.err
    app, neighbour = pulls(scene.folder).values()
    assert max(began(app), began(neighbour)) < min(over(app), over(neighbour))
    assert scene.served() == scene.fresh()


def began(entry: Entry) -> datetime:
    assert entry.started
    return entry.started


def over(entry: Entry) -> datetime:
    assert entry.ended
    return entry.ended


def test_a_step_that_runs_keeps_no_other_database_waiting(neighbours: PostgresqlScene) -> None:
    """Its script waits for a role that the test makes once the other step has ended."""
    scene, word = neighbours, f"go_{neighbours.site.target}"
    waits = f"WHILE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{word}') LOOP"
    scene.next_run(f"DO $$ BEGIN {waits} PERFORM pg_sleep(0.1); END LOOP; END $$;\n")
    running = scene.site.start(*SYNC)
    until(lambda: is_waiting(scene, scene.site.target), "the first to sanitise", 60)
    other = scene.run("push", "neighbour", "--env", "production")
    assert (other.code, running.poll()) == (0, None), other.err
    scene.site.integration.run(f'CREATE ROLE "{word}"')
    _, told = running.communicate(timeout=PATIENCE)
    scene.site.integration.run(f'DROP ROLE "{word}"')
    assert (running.returncode, scene.served()) == (0, scene.fresh()), told
    assert_nothing_left(scene)


def test_the_lock_of_a_process_that_was_killed_keeps_nobody_waiting(
    scene: PostgresqlScene,
) -> None:
    old = scene.served()
    scene.next_run(WAIT)
    killed = scene.site.start(*SYNC)
    until(lambda: is_waiting(scene, scene.site.target), "the script to run", 60)
    killed.send_signal(signal.SIGKILL)
    _, told = killed.communicate(timeout=PATIENCE)
    signed = [file for file in (scene.folder / "state" / "locks").iterdir() if file.read_text()]
    assert signed
    scene.next_run()
    begun = time.monotonic()
    assert_aftermath(scene, Ran(killed.returncode, "", told), old)
    assert time.monotonic() - begun < PATIENCE / 4

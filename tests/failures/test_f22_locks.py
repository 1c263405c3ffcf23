"""F22: a lock for each step and no more: others go on beside it, and dead ones keep nobody out."""

import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from envsync.execution.journal import Entry, Journal
from tests.failures.aftermath import SYNC, assert_aftermath, assert_nothing_left
from tests.failures.neighbours import CLEAN, Neighbour, with_neighbour
from tests.failures.postgresql_scene import PostgresqlScene
from tests.live.awaiting import awaited
from tests.live.program import PATIENCE, Ran
from tests.servers.waiting import until

pytestmark = pytest.mark.live

BEGUN = """
DO $$ BEGIN FOR n IN 1..600 LOOP
  EXIT WHEN EXISTS (SELECT FROM pg_database WHERE datname IN ('{0}__incoming', '{0}__previous'));
  PERFORM pg_sleep(0.1);
END LOOP; END $$;
"""
"""Waits until the pull of another database has begun; for a minute, if it never does."""


@pytest.fixture
def neighbour(scene: PostgresqlScene) -> Iterator[Neighbour]:
    """A second database beside that of the scene, in both environments."""
    with with_neighbour(scene) as made:
        yield made


def pulls(folder: Path) -> dict[str, Entry]:
    """Return the last pull of each database, by its key."""
    journal = Journal(folder / "state" / "journal.sqlite")
    return {
        key: next(entry for entry in journal.history(key) if entry.verb == "pull")
        for key in ("app", "neighbour")
    }


def test_independent_steps_run_side_by_side(scene: PostgresqlScene, neighbour: Neighbour) -> None:
    """Each script waits for the other's pull to begin: behind one lock it would do so in vain."""
    scene.next_run(BEGUN.format(neighbour.name))
    neighbour.script(f"{BEGUN.format(scene.site.target)}{CLEAN}")
    ran = scene.run("nightly", "--env", "integration", "--jobs", "2")
    assert ran.code == 0, ran.err
    app, other = pulls(scene.folder).values()
    assert max(began(app), began(other)) < min(over(app), over(other))
    assert scene.served() == scene.fresh()


def began(entry: Entry) -> datetime:
    assert entry.started
    return entry.started


def over(entry: Entry) -> datetime:
    assert entry.ended
    return entry.ended


@pytest.mark.usefixtures("neighbour")
def test_a_step_that_runs_keeps_no_other_database_waiting(scene: PostgresqlScene) -> None:
    with awaited(scene.site.integration) as word:
        scene.next_run(word.awaited)
        running = scene.site.start(*SYNC)
        until(word.is_awaited, "the first to sanitise")
        other = scene.run("push", "neighbour", "--env", "production")
        assert (other.code, running.poll()) == (0, None), other.err
        word.give()
        _, told = running.communicate(timeout=PATIENCE)
    assert (running.returncode, scene.served()) == (0, scene.fresh()), told
    assert_nothing_left(scene)


def test_the_lock_of_a_process_that_was_killed_keeps_nobody_waiting(
    scene: PostgresqlScene,
) -> None:
    old = scene.served()
    with awaited(scene.site.integration) as word:
        scene.next_run(word.awaited)
        killed = scene.site.start(*SYNC)
        until(word.is_awaited, "the script to run")
        killed.send_signal(signal.SIGKILL)
        _, told = killed.communicate(timeout=PATIENCE)
    signed = [file for file in (scene.folder / "state" / "locks").iterdir() if file.read_text()]
    assert signed
    scene.next_run()
    begun = time.monotonic()
    assert_aftermath(scene, Ran(killed.returncode, "", told), old)
    assert time.monotonic() - begun < PATIENCE / 4

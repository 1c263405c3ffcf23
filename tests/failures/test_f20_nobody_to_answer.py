"""F20: nothing waits for a person: no stdin, no terminal that is read from, no pager, no prompt."""

import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.failures.aftermath import SYNC, Serves, assert_aftermath
from tests.failures.postgresql_scene import PostgresqlScene
from tests.live.program import Ran
from tests.live.test_storages import shell
from tests.servers.rsync import SshServer

pytestmark = pytest.mark.live

PATIENCE = 180
"""Seconds in which a run ends that waits for nobody: far more than it takes."""


def test_a_run_with_its_stdin_closed_goes_well(scene: PostgresqlScene) -> None:
    old = scene.served()
    done = subprocess.run(
        ("/bin/sh", "-c", 'exec "$@" <&-', "sh", *scene.site.argv(*SYNC)),
        env=scene.site.environment,
        cwd=scene.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert_aftermath(scene, Ran(done.returncode, done.stdout, done.stderr), old, Serves.FRESH)


@contextmanager
def terminal() -> Iterator[tuple[int, list[bytes]]]:
    """Yield a terminal at which nobody types, and what is shown on it."""
    person, program = pty.openpty()
    shown: list[bytes] = []

    def look() -> None:
        with suppress(OSError):
            while seen := os.read(person, 65536):
                shown.append(seen)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield program, shown
    finally:
        os.close(program)
        looking.join()
        os.close(person)


def at_a_terminal(scene: PostgresqlScene, *arguments: str) -> Ran:
    """Run the program as its session's own on a terminal where nobody ever answers."""
    with terminal() as (own, shown):
        done = subprocess.run(
            ("/usr/bin/setsid", "--ctty", "--wait", *scene.site.argv(*arguments)),
            env={"TERM": "xterm", "COLUMNS": "1000", **scene.site.environment},
            cwd=scene.folder,
            stdin=own,
            stdout=own,
            stderr=own,
            timeout=PATIENCE,
            check=False,
        )
    text = b"".join(shown).decode()
    return Ran(done.returncode, text, text)


def with_hanging_pagers(scene: PostgresqlScene) -> None:
    """Name a program as everybody's pager, editor and asker of passwords that never ends."""
    waiting = scene.folder / "waiting"
    waiting.write_text(f"#!/bin/sh\ntouch {scene.folder}/asked\nsleep 600\n")
    waiting.chmod(0o700)
    names = ("PAGER", "PSQL_PAGER", "AWS_PAGER", "MANPAGER", "EDITOR", "SSH_ASKPASS")
    scene.site.environment |= dict.fromkeys(names, str(waiting))


def test_a_terminal_that_nobody_answers_at_and_a_pager_that_hangs_do_not_matter(
    scene: PostgresqlScene,
) -> None:
    old = scene.served()
    with_hanging_pagers(scene)
    ended = at_a_terminal(scene, *SYNC)
    for request in ("status", "history app", "plan", "backups app --env production"):
        assert at_a_terminal(scene, *request.split()).code == 0
    assert_aftermath(scene, ended, old, Serves.FRESH)
    assert not (scene.folder / "asked").exists()


@pytest.mark.parametrize("environment", ["production", "integration"])
def test_a_password_that_is_missing_is_told_and_not_asked_for(
    scene: PostgresqlScene, environment: str
) -> None:
    """libpq's programs would ask for it on the terminal."""
    old = scene.served()
    with_hanging_pagers(scene)
    scene.site.write(**{environment: {"servers.postgres.password": None}})
    ended = at_a_terminal(scene, *SYNC)
    assert (ended.code, "password" in ended.err) == (2, True), ended.err
    scene.site.write()
    assert_aftermath(scene, ended, old)


def test_a_host_whose_key_nobody_knows_is_refused_and_not_asked_about(
    scene: PostgresqlScene, ssh_server: SshServer, tmp_path: Path
) -> None:
    """ssh would ask on the terminal whether the key is right."""
    old = scene.served()
    with_hanging_pagers(scene)
    place = {**shell(ssh_server, tmp_path), "known_hosts": str(tmp_path / "nobody")}
    scene.site.write(production={"storage": place})
    ended = at_a_terminal(scene, *SYNC)
    assert (ended.code, "ssh does not know the host's key" in ended.err) == (2, True), ended.err
    assert not (scene.folder / "asked").exists()
    scene.site.write()
    assert_aftermath(scene, ended, old)

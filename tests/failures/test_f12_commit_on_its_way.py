"""F12: the connection is cut while a commit is on its way to the server: a run tells what came of it."""

import os
import signal
from pathlib import Path

import pytest

from tests.failures.aftermath import assert_aftermath
from tests.failures.gated import gated_postgresql
from tests.failures.kills import PULL
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.stages import Stage, Steps
from tests.live.program import Ran
from tests.servers.postgresql import Postgresql, PostgresqlServer
from tests.servers.processes import is_alive
from tests.servers.waiting import until

pytestmark = pytest.mark.live

ROLLBACK = ("rollback", "app", "--env", "integration")
COMMITTING = """
SELECT pid FROM pg_stat_activity WHERE usename = '{}' AND state LIKE 'idle in transaction%'
   AND query NOT LIKE 'SELECT%'
"""


def has_unread(port: int) -> bool:
    """Tell whether bytes wait for a server on a loopback port to read them."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    received = [
        queues.partition(":")[2]
        for _, local, _, _, queues, *_ in lines
        if local.endswith(f":{port:04X}")
    ]
    return any(int(size, 16) for size in received)


def cut_before_its_commit(
    steps: Steps[PostgresqlScene], server: PostgresqlServer, *request: str
) -> Ran:
    """Cut off a run whose commit lies unread at the server, which reads on as the run looks again."""
    with steps.stopped(Stage(asks="postgres: COMMIT"), "unheard", *request) as running:
        ((session,),) = server.run(COMMITTING.format(steps.scene.site.admin))
        os.kill(session, signal.SIGSTOP)
        try:
            steps.gates.resume()
            until(lambda: has_unread(server.port), "the commit to reach the server")
            steps.gates.heard.clear()
            steps.gates.open()
            until(
                lambda: len(steps.gates.heard) > 3 or running.poll() is not None,
                "the run to look what came of it",
            )
        finally:
            os.kill(session, signal.SIGCONT)
        until(lambda: not is_alive(session), "the session to end")
        return steps.ended(running)


def test_a_promote_is_not_committed_behind_the_back_of_a_run_that_says_it_failed(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        old = steps.scene.served()
        steps.scene.next_run()
        ended = cut_before_its_commit(steps, postgresql.integration, *PULL)
        assert_aftermath(steps.scene, ended, old, again=PULL)


def test_a_rollback_is_not_committed_behind_the_back_of_one_that_says_it_failed(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        scene, previous = steps.scene, steps.scene.served()
        scene.next_run()
        assert scene.run(*PULL).code == 0
        ended = cut_before_its_commit(steps, postgresql.integration, *ROLLBACK)
        assert (ended.code != 0, scene.served()) == (True, scene.fresh()), ended.err
        assert (scene.run(*ROLLBACK).code, scene.served()) == (0, previous)


def test_a_rollback_that_was_committed_says_so_though_the_answer_was_lost(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        scene, previous = steps.scene, steps.scene.served()
        scene.next_run()
        assert scene.run(*PULL).code == 0
        with steps.stopped(Stage(asks="postgres: COMMIT"), "unanswered", *ROLLBACK) as running:
            steps.gates.open()
            ended = steps.ended(running)
        assert (ended.code, scene.served()) == (0, previous), ended.err

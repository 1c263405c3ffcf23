"""F12: the connection is cut while the promote's commit is on its way: a run tells what came of it."""

import os
import signal
from pathlib import Path

import pytest

from tests.failures.aftermath import assert_aftermath
from tests.failures.gated import gated_postgresql
from tests.failures.kills import PULL
from tests.failures.stages import Stage
from tests.servers.postgresql import Postgresql
from tests.servers.waiting import until

pytestmark = pytest.mark.live

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


def test_a_commit_that_the_server_has_not_come_to_is_not_carried_out_behind_the_run_s_back(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        scene, server = steps.scene, postgresql.integration
        old = scene.served()
        scene.next_run()
        with steps.stopped(Stage(asks="postgres: COMMIT"), "unheard", *PULL) as running:
            ((session,),) = server.run(COMMITTING.format(scene.site.admin))
            os.kill(session, signal.SIGSTOP)
            try:
                steps.gates.resume()
                until(lambda: has_unread(server.port), "the commit to reach the server")
                steps.gates.heard.clear()
                steps.gates.open()
                until(lambda: len(steps.gates.heard) > 3, "the run to look what came of it")
            finally:
                os.kill(session, signal.SIGCONT)
            ended = steps.ended(running)
        assert_aftermath(scene, ended, old, again=PULL)

"""Child programs: real ones, ended in every way."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE

import pytest

from envsync.errors import CommandError, InterruptedStepError
from envsync.gateways.process import Surroundings, running
from envsync.gateways.scope import Scope
from tests.servers.waiting import until

PATH = Surroundings({"PATH": os.environ.get("PATH", os.defpath)})
PARENT = """
import sys
from subprocess import PIPE
from envsync.gateways.process import Surroundings, running
from envsync.gateways.scope import Scope
with running(("sh", "-c", "echo $$; exec sleep 60"), Scope(), Surroundings(), stdout=PIPE) as child:
    print(child.stdout.readline().decode(), end="", flush=True)
"""


def sh(script: str) -> tuple[str, ...]:
    return ("sh", "-c", script)


def is_running(number: int) -> bool:
    """Tell whether a process does anything any more; one that nobody waited for does not."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_what_a_child_writes_can_be_read() -> None:
    with running(sh("echo $0 $# $HOME"), Scope(), PATH, stdout=PIPE) as child:
        assert child.stdout.read() == b"sh 0\n"


def test_a_child_has_no_terminal_and_nothing_to_read() -> None:
    with running(sh("cat; tty || true"), Scope(), PATH, stdout=PIPE) as child:
        assert child.stdout.read() == b"not a tty\n"


def failure(script: str) -> str:
    """Return how a script fails."""
    with pytest.raises(CommandError) as failed, running(sh(script), Scope(), PATH):
        pass
    return str(failed.value)


def test_a_failing_child_is_told_by_its_own_last_words() -> None:
    script = "echo 'sh: error: no such table' >&2; echo 'CONTEXT: a row' >&2; exit 3"
    assert failure(script) == "sh failed: error: no such table"


def test_a_silent_failure_is_told_by_its_exit_code() -> None:
    assert failure("exit 3") == "sh failed: exit code 3"


def test_a_child_ended_by_a_signal_is_told_by_it() -> None:
    assert failure("kill -KILL $$") == "sh failed: it was ended by SIGKILL"


def test_a_program_that_is_not_there_is_told() -> None:
    with (
        pytest.raises(CommandError, match="/no/such/program"),
        running(("/no/such/program",), Scope(), PATH),
    ):
        pass


def test_endless_errors_do_not_fill_memory_or_block_the_child() -> None:
    assert len(failure("yes 'sh: error: again' | head -c 5000000 >&2; exit 1")) < 200


def test_a_child_that_ends_too_early_is_heard_rather_than_the_broken_pipe() -> None:
    script = "echo 'sh: error: enough' >&2; exit 1"

    def write_on() -> None:
        with running(sh(script), Scope(), PATH, stdin=PIPE) as child, child.stdin as stdin:
            while True:
                stdin.write(bytes(100_000))

    with pytest.raises(CommandError, match="sh failed: error: enough"):
        write_on()


def failing_beside(script: str) -> int:
    """Run a script whose first line is a process's number, and fail; returns the number."""
    numbers = []
    with suppress(ZeroDivisionError), running(sh(script), Scope(), PATH, stdout=PIPE) as child:
        numbers.append(int(child.stdout.readline()))
        raise ZeroDivisionError
    return numbers[0]


def test_a_child_ends_when_the_block_fails() -> None:
    assert not is_running(failing_beside("echo $$; exec sleep 60"))


def test_a_child_that_does_not_want_to_end_is_killed_with_its_children() -> None:
    number = failing_beside("trap '' TERM; sh -c 'echo $$; sleep 60'; sleep 60")
    until(lambda: not is_running(number), "the child's child to be killed", 30)


def test_a_step_that_is_ended_ends_its_child() -> None:
    scope = Scope()
    began = time.monotonic()
    threading.Timer(0.2, scope.cancel, ("ended by SIGTERM",)).start()
    with (
        pytest.raises(InterruptedStepError, match="ended by SIGTERM"),
        running(sh("exec sleep 60"), scope, PATH),
    ):
        pass
    assert time.monotonic() - began < 30


def test_a_child_does_not_outlive_an_envsync_that_is_killed() -> None:
    with subprocess.Popen((sys.executable, "-c", PARENT), stdout=PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    until(lambda: not is_running(number), "the child to end", 30)

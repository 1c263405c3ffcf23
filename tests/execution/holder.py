"""Another process that holds a lock until it is told to let go, or killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from envsync.errors import RefusedError
from envsync.execution.lock import StepLocks
from envsync.execution.reboot_lock import reboot_lock
from envsync.gateways.clock import SystemClock

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Other:
    """The other process, and what it said first: "held", or why it may not."""

    process: subprocess.Popen[str]
    said: str

    def let_go(self) -> None:
        """Have it end in good order."""
        if self.process.stdin is not None:
            self.process.stdin.write("let go\n")
            self.process.stdin.flush()
        self.process.wait(20)

    def kill(self) -> None:
        """End it with SIGKILL; the child it has started lives on."""
        self.process.kill()
        self.process.wait(20)


@contextmanager
def another(*arguments: str) -> Iterator[Other]:
    """Run this file as a program; whatever it started is gone in the end."""
    process = start(*arguments)
    try:
        yield Other(process, first_line(process))
    finally:
        end(process)


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start this file as a program, in a session of its own."""
    return subprocess.Popen(
        (sys.executable, "-m", "tests.execution.holder", *arguments),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    """Wait for the first thing a process says."""
    return process.stdout.readline().strip() if process.stdout is not None else ""


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process and the children that outlived it."""
    with process, suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _hold_step(folder: str, name: str) -> None:
    try:
        with StepLocks(Path(folder), SystemClock()).hold(name):
            _wait_to_be_told()
    except RefusedError as error:
        _say(str(error))
        sys.stdin.readline()


def _hold_reboot(directory: str, name: str) -> None:
    with reboot_lock(directory, name):
        _wait_to_be_told()


def _churn_reboot(directory: str, name: str) -> None:
    """Take and leave the lock for a second; every time it must exist meanwhile."""
    ended = time.monotonic() + 1
    missing = 0
    while time.monotonic() < ended:
        with reboot_lock(directory, name):
            missing += not Path(directory, name).exists()
    _say(f"missing {missing} times")
    sys.stdin.readline()


def _wait_to_be_told() -> None:
    argv = (sys.executable, "-c", "import time; time.sleep(60)")
    subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _say("held")
    sys.stdin.readline()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    verbs = {"step": _hold_step, "reboot": _hold_reboot, "churn": _churn_reboot}
    verbs[sys.argv[1]](sys.argv[2], sys.argv[3])

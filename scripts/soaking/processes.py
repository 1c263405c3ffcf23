"""Processes of the soak: found by their words, killed, started again, and looked for at the end."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

STARTED: list["subprocess.Popen[bytes]"] = []
"""Servers that were started again, to be ended with the soak."""


def words(pid: int) -> list[bytes]:
    """Return a process's arguments; none where it has gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    return []


def all_pids() -> Iterator[int]:
    """Yield all processes."""
    return (int(path.name) for path in Path("/proc").glob("[0-9]*"))


def serving(argument: str) -> int | None:
    """Return the process that has an argument."""
    return next((pid for pid in all_pids() if argument.encode() in words(pid)), None)


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for pid in all_pids():
        with suppress(OSError, IndexError, ValueError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(pid)
    return found


def belonging(variable: str) -> list[int]:
    """Return the processes that have a variable."""
    found = []
    for pid in all_pids():
        with suppress(OSError):
            if variable.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def restart(pid: int) -> None:
    """Kill a server as a power cut would, and start it again with the same arguments."""
    argv = [word.decode() for word in words(pid)]
    folder = Path(f"/proc/{pid}/cwd").readlink()
    os.kill(pid, signal.SIGKILL)
    while _runs(pid):
        time.sleep(0.02)
    null = subprocess.DEVNULL
    STARTED.append(subprocess.Popen(argv, stdin=null, stdout=null, stderr=null, cwd=folder))


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def end_all() -> None:
    """End what was started again."""
    for process in STARTED:
        process.kill()
        process.wait()

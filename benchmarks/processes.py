"""Runs programs for the benchmark: in pipes without a shell, or in the background until the end."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

Arguments = Sequence[str]


def options(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return options and their values as a program's arguments."""
    return tuple(argument for pair in values.items() for argument in pair)


def pipe(*commands: Arguments, environment: Mapping[str, str] | None = None) -> None:
    """Run programs, each reading what the one before writes; fails if any of them fails."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for position, command in enumerate(commands, start=1):
            before = started[-1].stdout if started else None
            output = subprocess.PIPE if position < len(commands) else subprocess.DEVNULL
            started.append(
                subprocess.Popen(
                    command, stdin=before or subprocess.DEVNULL, stdout=output, env=environment
                )
            )
            if before:
                before.close()
        failed = [process for process in started if process.wait()]
    finally:
        for process in started:
            process.kill()
    if failed:
        raise subprocess.CalledProcessError(failed[0].returncode, failed[0].args)


@contextmanager
def running(command: Arguments, *, port: int | None = None) -> Iterator[None]:
    """Run a server meanwhile; where a port is given, wait until something listens on it."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            if port is not None:
                _wait_for(process, port)
            yield
        finally:
            process.terminate()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"{process.args!r} does not listen on port {port}")

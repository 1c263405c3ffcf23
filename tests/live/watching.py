"""What others on the machine can see of a program while it runs: /proc, sampled until its end."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def watched(program: "subprocess.Popen[str]") -> set[bytes]:
    """Return a running program's arguments, and the arguments and variables of its children.

    A child that is still a copy of its parent, before it becomes a program of its own, is none.
    """
    seen: set[bytes] = set()
    while program.poll() is None:
        own = _read(program.pid, "cmdline")
        seen.add(own)
        for child in _children(program.pid):
            arguments = _read(child, "cmdline")
            if arguments not in (own, b""):
                seen.add(arguments + b"\n" + _read(child, "environ"))
        time.sleep(0.002)
    return seen


def _children(parent: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{parent}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _children(int(child))


def _read(process: int, what: str) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/{what}").read_bytes()
    return b""

"""The programs that a run has started."""

from pathlib import Path


def children(pid: int) -> dict[str, int]:
    """Return the living children of a process, and theirs, by the name of their program."""
    found: dict[str, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(
                line.split(":\t", 1) for line in (process / "status").read_text().splitlines()
            )
        except (OSError, ValueError):
            continue
        if int(status["PPid"]) == pid and not status["State"].startswith("Z"):
            found |= {status["Name"]: int(process.name), **children(int(process.name))}
    return found

"""Processes on this machine, as /proc has them."""

from pathlib import Path


def children_of(pid: int) -> dict[int, str]:
    """Return the living children of a process, and theirs, with the names of their programs."""
    found: dict[int, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        status = _status(int(process.name))
        if status.get("PPid") == str(pid) and not status["State"].startswith("Z"):
            found |= {int(process.name): status["Name"], **children_of(int(process.name))}
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process is there, and not only waits for its parent to take note of its end."""
    return not _status(pid).get("State", "Z").startswith("Z")


def arguments_of(pid: int) -> bytes:
    """Return what a process was started with; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

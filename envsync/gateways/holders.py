"""Which process holds a claim: on the machine of a holder that has died, a claim ends at once."""

import os
from pathlib import Path


def this_process() -> str:
    """Name this process so that it can be told from every other, before and after a reboot."""
    return f"{_machine()}{os.getpid()}/{_started(os.getpid())}"


def has_ended(process: str) -> bool:
    """Tell whether a process of this machine is no more; of another machine's nothing is known."""
    if not process.startswith(_machine()):
        return False
    *_, pid, started = process.split("/")
    return _started(int(pid)) != started


def _machine() -> str:
    """Name this machine and what processes can see of each other on it."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{Path('/proc/self/ns/pid').readlink()}/"


def _started(pid: int) -> str:
    """Return when a process began; proc(5), stat, field 22; "" where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]

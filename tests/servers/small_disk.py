"""A disk so small that it fills up, mounted on a folder for a while."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.availability import unavailable
from tests.servers.waiting import until


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of some size, such as 256k or 90m, on a folder that is there."""
    if os.geteuid() != 0:
        unavailable("only root may mount a small disk")
    mount = ("/usr/bin/mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder))
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        unavailable(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        # Who has just written there may still be about to end, as a server's child is.
        until(lambda: _is_unmounted(folder), f"{folder} to be left by all")


def _is_unmounted(folder: Path) -> bool:
    return subprocess.run(("/usr/bin/umount", str(folder)), check=False).returncode == 0

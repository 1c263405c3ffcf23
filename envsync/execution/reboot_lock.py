"""The file that keeps a machine from rebooting while a step runs on it.

It exists while at least one thread of any process holds a shared lock (flock) on it. Who can
lock it alone is the last, and unlinks it; who locks a file that was unlinked meanwhile starts
again. A file left by a process that was killed is taken over by the next run, and goes with it.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envsync.errors import RefusedError

_LOGGER = logging.getLogger(__name__)


@contextmanager
def reboot_lock(directory: str, name: str) -> Iterator[None]:
    """Keep the file in being; raises RefusedError where it cannot be made."""
    path = Path(directory, name)
    descriptor = _shared(path)
    try:
        yield
    finally:
        _release(path, descriptor)


def sweep_reboot_lock(directory: str, name: str) -> None:
    """Remove a file that nobody holds, left by a run that was killed."""
    path = Path(directory, name)
    if path.exists():
        _release(path, _shared(path))


def _shared(path: Path) -> int:
    while True:
        descriptor = _open(path)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=True):
            path.parent.stat()
            raise PermissionError(0, "this user may not write there")
        flags = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(path, flags, 0o644)
    except OSError as error:
        raise RefusedError(
            f"cannot make the reboot lock {path.name!r} in {str(path.parent)!r}: {error.strerror}; "
            "create that folder so that the user that runs envsync may write to it, or remove "
            "the key 'reboot_lock' from the inventory"
        ) from error


def _release(path: Path, descriptor: int) -> None:
    """Let go; the last one unlinks the file. Nobody can lock it in between: the lock is alone."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(path, descriptor):
            path.unlink()
    except BlockingIOError:
        _LOGGER.debug("the reboot lock %s stays: another step holds it", path)
    except OSError as error:
        _LOGGER.warning("the reboot lock %s cannot be removed: %s", path, error.strerror)
    finally:
        # A child between its fork and its exec still shares the lock: let go by name.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False

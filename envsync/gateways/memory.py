"""Files that exist in memory alone, for child programs that want a path."""

import fcntl
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@contextmanager
def sealed(name: str, content: bytes) -> Iterator[int]:
    """Open a file that only this user's processes can read and nobody can change.

    A child that inherits the descriptor opens it as `path` says; it is gone with the last of them.
    """
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        yield descriptor
    finally:
        os.close(descriptor)


def path(descriptor: int) -> str:
    """Return the path by which a child opens a descriptor it has inherited."""
    return f"/dev/fd/{descriptor}"


def leave_no_core() -> None:
    """Have the kernel write no image of this process, or of a child, if it falls: it holds secrets.

    systemd-coredump keeps none either where the limit is zero (core manual, coredump.conf manual).
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))

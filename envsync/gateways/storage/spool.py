"""Folders for what must lie on this machine on its way; those of killed runs are swept."""

import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from envsync.errors import CommandError, RefusedError
from envsync.places import RsyncStorage

_LOGGER = logging.getLogger(__name__)

PREFIX = "envsync-spool-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - only folders of this user's own are made there
_NEW_SECONDS = 60
"""Age before which a spool may not have been locked by its owner yet."""


def folder(storage: RsyncStorage) -> Path:
    """Return where spools for a storage are made."""
    return Path(storage.spool or tempfile.gettempdir())


def free_bytes(where: Path) -> int:
    """Return the room for spools; raises RefusedError for a folder that cannot be used."""
    try:
        tempfile.TemporaryFile(dir=where).close()
        room = os.statvfs(where)
    except OSError as error:
        raise RefusedError(
            f"cannot spool in {str(where)!r}: {(error.strerror or str(error)).lower()}; name a "
            "folder that exists, has room and may be written by this user, as temppath: or TMPDIR"
        ) from error
    return room.f_bavail * room.f_frsize


@contextmanager
def private_file(content: bytes) -> Iterator[Path]:
    """Yield a file that only this user can read, in memory where the system has such a folder.

    For programs that open no file by its descriptor, as rsync since 3.5.
    """
    memory = os.access(_MEMORY, os.W_OK | os.X_OK)
    with spooling(_MEMORY if memory else Path(tempfile.gettempdir())) as made:
        file = made / "private"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        yield file


@contextmanager
def spooling(where: Path) -> Iterator[Path]:
    """Yield a new folder that only this user can look into; it goes at the end of the block.

    Its lock is held by this process alone, so that a sweep tells the living from the dead; those
    of the dead go first.
    """
    sweep(where)
    try:
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=where))
    except OSError as error:
        raise CommandError(
            f"cannot spool in {str(where)!r}: {(error.strerror or str(error)).lower()}; name "
            "another folder as temppath: or TMPDIR"
        ) from error
    try:
        descriptor = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield made
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def sweep(where: Path) -> tuple[str, ...]:
    """Remove the spools of this user whose process is gone; say which."""
    swept = tuple(str(path) for path in sorted(where.glob(f"{PREFIX}*")) if _swept(path))
    for path in swept:
        _LOGGER.info("removed a spool that a killed run had left: %s", path)
    return swept


def _swept(path: Path) -> bool:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            found = os.fstat(descriptor)
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < _NEW_SECONDS:
                return False
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        finally:
            os.close(descriptor)
        return True
    return False

"""Writes a file that appears under its name only when it is whole and on the disk."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from envsync.errors import CommandError
from envsync.gateways.scope import Scope

LONGEST_NAME = 180
_PARTIAL = re.compile(r"\..+\.partial-\d+-[0-9a-f]{8}", re.DOTALL)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def told(what: str, larger: str = "storage") -> Iterator[None]:
    """Tell what the operating system refuses as what could not be done, and why.

    `larger` is what in the inventory would name a larger disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise CommandError(
                f"cannot {what}: the disk is full; make room, or name a larger one as {larger}"
            ) from error
        raise CommandError(f"cannot {what}: {(error.strerror or str(error)).lower()}") from error


def is_partial(name: str) -> bool:
    """Tell whether a file is one that is still being written, or was when its writer died."""
    return _PARTIAL.fullmatch(name) is not None


def is_partial_of(name: str, whole: str) -> bool:
    """Tell whether a file is one that was to become another."""
    return is_partial(name) and name.startswith(f".{_shortened(whole)}.partial-")


class FileWriter:
    """Appends to an open file."""

    def __init__(self, descriptor: int, where: str, scope: Scope, larger: str = "storage") -> None:
        self._descriptor = descriptor
        self._where = where
        self._scope = scope
        self._larger = larger

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._scope.check()
            with told(f"write {self._where}", self._larger):
                rest = rest[os.write(self._descriptor, rest) :]


@contextmanager
def appearing(path: Path, scope: Scope) -> Iterator[FileWriter]:
    """Yield a writer whose file appears at the end of the block, unless the block fails."""
    temporary = path.with_name(_partial_name(path.name))
    with told(f"write {path}"):
        if path.exists():
            raise _exists(path)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            yield FileWriter(descriptor, str(path), scope)
            scope.check()
            with told(f"write {path}"):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with told(f"write {path}"):
            _name(temporary, path)
            sync_folder(path.parent)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _partial_name(name: str) -> str:
    return f".{_shortened(name)}.partial-{os.getpid()}-{uuid4().hex[:8]}"


def _shortened(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:LONGEST_NAME])


def _name(temporary: Path, path: Path) -> None:
    """Give a file its name; a link, unlike a rename, fails if the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        temporary.rename(path)


def _exists(path: Path) -> CommandError:
    return CommandError(
        f"cannot write {path}: there is a file already, and none is overwritten; "
        "delete it or write under another key"
    )

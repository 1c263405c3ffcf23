"""One lock per step, so that a step never runs twice at once on a machine.

The kernel holds the lock for the process (flock) and lets go of it however the process ends, so
a lock file by itself means nothing: only a locked one does. Each step keeps its file for ever;
their number is that of the steps there have been, their size a line, and a file that is never
unlinked cannot be locked under two inodes at once.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from envsync.errors import BusyError, InterruptedStepError, RefusedError
from envsync.execution.clock import Clock
from envsync.execution.folders import make_private

_POLL = 0.2
_TICK = 0.002
_READ_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs a step: its name, since when, and the process; None where the file cannot tell."""

    name: str
    since: datetime
    pid: int | None = None

    def __str__(self) -> str:
        process = "" if self.pid is None else f" (pid {self.pid})"
        return f"{self.name} is already running since {self.since:%Y-%m-%d %H:%M:%S} UTC{process}"


@dataclass(frozen=True, slots=True)
class StepLocks:
    """The locks of this machine's steps, in a folder of their own on a local file system."""

    folder: Path
    clock: Clock

    @contextmanager
    def hold(
        self, name: str, wait: float = 0.0, stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[Holder]:
        """Keep a step to this thread, waiting up to `wait` seconds while it runs elsewhere.

        Raises BusyError saying who runs it, InterruptedStepError once `stopped` is true.
        """
        with self._opened(name) as descriptor:
            self._acquire(descriptor, name, wait, stopped)
            try:
                yield self._sign(descriptor, name)
            finally:
                os.ftruncate(descriptor, 0)
                # A child between its fork and its exec still shares the lock: let go by name.
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    def is_held(self, name: str) -> Holder | None:
        """Return who runs a step at this moment; None if nobody does, whatever the file says."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refusal(name, error) from error
        try:
            return None if _locked(descriptor, fcntl.LOCK_SH) else _holder(descriptor, name)
        finally:
            os.close(descriptor)

    def _acquire(
        self, descriptor: int, name: str, wait: float, stopped: Callable[[], bool]
    ) -> None:
        deadline = self.clock.monotonic() + wait
        while not _locked(descriptor, fcntl.LOCK_EX):
            if stopped():
                raise InterruptedStepError(f"stopped while waiting: {_holder(descriptor, name)}")
            remaining = deadline - self.clock.monotonic()
            if remaining <= 0 and not _is_only_asked(descriptor):
                raise busy(_holder(descriptor, name))
            self.clock.sleep(min(max(remaining, _TICK), _POLL))

    def _sign(self, descriptor: int, name: str) -> Holder:
        holder = Holder(name, self.clock.now(), os.getpid())
        text = json.dumps({"pid": holder.pid, "since": holder.since.isoformat(), "name": name})
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)
        except OSError as error:
            raise self._refusal(name, error) from error
        return holder

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        try:
            make_private(self.folder)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._path(name), flags, 0o600)
        except OSError as error:
            raise self._refusal(name, error) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _refusal(self, name: str, error: OSError) -> RefusedError:
        return RefusedError(
            f"cannot lock {name!r} in {str(self.folder)!r}: {error.strerror}; it must be a folder "
            "where the user that runs envsync may write"
        )

    def _path(self, name: str) -> Path:
        """Give each name a file: readable to people, and told apart by its digest."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        digest = hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()[:16]
        return self.folder / f"{slug}.{digest}.lock"


def busy(holder: Holder) -> BusyError:
    """Return what refuses a step while another process runs it."""
    return BusyError(f"{holder}; wait for its end, or end it")


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_only_asked(descriptor: int) -> bool:
    """Tell that nobody runs the step: who asks is_held shares the lock, and only for a moment."""
    shared = _locked(descriptor, fcntl.LOCK_SH)
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return shared


def _holder(descriptor: int, name: str) -> Holder:
    """Read who signed the file; who has locked it but not yet signed is known by the time only."""
    with suppress(ValueError, KeyError, TypeError):
        signed = json.loads(os.pread(descriptor, _READ_BYTES, 0))
        return Holder(name, datetime.fromisoformat(signed["since"]), int(signed["pid"]))
    return Holder(name, datetime.fromtimestamp(int(os.fstat(descriptor).st_mtime), UTC))

"""Jobs on many threads, in no order: at most so many at once, none waiting for a slow one."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from envsync.gateways.scope import Scope
from envsync.gateways.storage.jobs import begin

PATIENCE_SECONDS = 60.0
PATIENCE_CANCELLED_SECONDS = 1.5


class Crew:
    """Carries out jobs; the first failure is raised by the next call, and ends the block.

    Leaving the block waits for all jobs, after a failure or a cancel only for a while: a thread
    that a server keeps waiting never keeps the process from ending.
    """

    def __init__(self, size: int, scope: Scope) -> None:
        self._size = size
        self._scope = scope
        self._busy = 0
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def begin(self, job: Callable[[], object]) -> None:
        """Begin a job as soon as there is room for it."""
        self._wait(lambda: self._busy < self._size)
        with self._changed:
            self._busy += 1
        begin(job).add_done_callback(self._ended)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._wait(lambda: self._busy == 0)
            return
        patience = PATIENCE_CANCELLED_SECONDS if self._scope.cancelled else PATIENCE_SECONDS
        with self._changed:
            self._changed.wait_for(lambda: self._busy == 0, patience)

    def _wait(self, is_so: Callable[[], bool]) -> None:
        with self._scope.stoppable(self._wake), self._changed:
            self._changed.wait_for(lambda: self._is_over() or is_so())
        self._scope.check()
        if self._failure is not None:
            raise self._failure

    def _is_over(self) -> bool:
        return self._failure is not None or self._scope.cancelled

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _ended(self, future: Future[object]) -> None:
        with self._changed:
            self._busy -= 1
            self._failure = self._failure or future.exception()
            self._changed.notify_all()

"""Threads that work on one thing: the first failure ends the others, and is the one told."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from envsync.gateways.scope import Scope

P = ParamSpec("P")
T = TypeVar("T")


class Team:
    """A pool of threads under a scope of their own, which ends with the step's or on a failure.

    Whatever a member waits for is registered with `scope`. Leaving the block waits for all of them.
    """

    def __init__(self, outer: Scope, size: int, name: str) -> None:
        self.scope = Scope(outer.meter)
        self._outer = outer
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def start(self, work: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Have a member do some work."""
        future = self._pool.submit(work, *arguments, **named)
        future.add_done_callback(lambda done: self._fail(done.exception()))
        return future

    def __enter__(self) -> Self:
        self._outer.register(self._stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._fail(error)
        self._pool.shutdown(wait=True)
        self._outer.forget(self._stop)
        if self._failure is None:
            return
        self._outer.check()
        if self._failure is not error:
            raise self._failure

    def _fail(self, error: BaseException | None) -> None:
        with self._lock:
            if error is None or self._failure is not None:
                return
            self._failure = error
        self.scope.cancel("another part of the same command failed")

    def _stop(self) -> None:
        self.scope.cancel("the step was ended")

"""Jobs on threads of their own: a bounded number at once, and a cancel ends the waiting."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from threading import Event, Thread
from types import TracebackType
from typing import Generic, TypeVar

from envsync.gateways.scope import Scope

T = TypeVar("T")


class _Delivery(Generic[T]):
    """Hands whatever a job raises, bugs too, to the thread that waits for the job."""

    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is not None:
            self._future.set_exception(error)
        return error is not None


def begin(job: Callable[[], T]) -> Future[T]:
    """Carry out a job on a thread that never keeps the process from ending.

    The threads of an executor would: the interpreter waits for them, however long a server hangs.
    """
    future: Future[T] = Future()

    def carry_out() -> None:
        with _Delivery(future):
            future.set_result(job())

    Thread(target=carry_out, daemon=True, name="envsync-transfer").start()
    return future


def answer(future: Future[T], scope: Scope) -> T:
    """Wait for a job; raises InterruptedStepError at once when the scope is cancelled."""
    woken = Event()
    future.add_done_callback(lambda _: woken.set())
    with scope.stoppable(woken.set):
        woken.wait()
    scope.check()
    return future.result()


class Window(Generic[T]):
    """At most so many jobs at once, answered in the order in which they were begun."""

    def __init__(self, width: int, scope: Scope) -> None:
        self._width = width
        self._scope = scope
        self._begun: deque[Future[T]] = deque()

    def __len__(self) -> int:
        return len(self._begun)

    @property
    def full(self) -> bool:
        return len(self._begun) >= self._width

    def begin(self, job: Callable[[], T]) -> None:
        """Begin a job now; whether the window is full is for the caller to ask."""
        self._begun.append(begin(job))

    def next(self) -> T:
        """Wait for the job begun first, and return or raise its answer."""
        result = answer(self._begun[0], self._scope)
        self._begun.popleft()
        return result

    def drain(self) -> None:
        """Wait for all the jobs; raises what the first of them raised."""
        while self._begun:
            self.next()

    def settle(self, seconds: float) -> None:
        """Wait a while for the jobs to end, whatever became of them."""
        wait(self._begun, timeout=seconds)


def in_order(jobs: Iterable[Callable[[], T]], width: int, scope: Scope) -> Iterator[T]:
    """Yield the answers of jobs in their order, so many being on their way ahead of the caller."""
    window: Window[T] = Window(width, scope)
    for job in jobs:
        window.begin(job)
        if window.full:
            yield window.next()
    while window:
        yield window.next()

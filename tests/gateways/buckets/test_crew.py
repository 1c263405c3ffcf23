"""Many jobs at once, never too many; a failure or a cancel ends the waiting."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from envsync.errors import CommandError, InterruptedStepError
from envsync.gateways.buckets.crew import Crew
from envsync.gateways.scope import Scope


def carry_out(crew: Crew, jobs: Sequence[Callable[[], object]]) -> None:
    with crew:
        for job in jobs:
            crew.begin(job)


def test_all_jobs_are_done_when_the_block_ends() -> None:
    done: list[int] = []
    with Crew(3, Scope()) as crew:
        for number in range(20):
            crew.begin(lambda number=number: done.append(number))  # type: ignore[misc]
    assert sorted(done) == list(range(20))


def test_never_more_are_at_work_than_the_crew_has() -> None:
    room = threading.Semaphore(3)

    def job() -> None:
        assert room.acquire(blocking=False)
        time.sleep(0.005)
        room.release()

    with Crew(3, Scope()) as crew:
        for _ in range(30):
            crew.begin(job)


def test_a_slow_job_keeps_nobody_waiting() -> None:
    others_done = threading.Event()
    with Crew(2, Scope()) as crew:
        crew.begin(lambda: others_done.wait(10))
        for _ in range(20):
            crew.begin(lambda: None)
        others_done.set()


def test_a_failure_ends_the_block() -> None:
    def fail() -> None:
        raise CommandError("no room")

    begun = []
    with pytest.raises(CommandError, match="no room"):
        carry_out(Crew(1, Scope()), [fail, *[lambda: begun.append(1)] * 1000])
    assert len(begun) < 1000


def test_a_cancel_ends_the_waiting_for_a_job_that_hangs() -> None:
    scope, hanging = Scope(), threading.Event()
    began = time.monotonic()
    threading.Timer(0.2, scope.cancel, ("interrupted by SIGTERM",)).start()
    with pytest.raises(InterruptedStepError, match="interrupted by SIGTERM"):
        carry_out(Crew(1, scope), [lambda: hanging.wait(30), lambda: None])
    hanging.set()
    assert time.monotonic() - began < 10

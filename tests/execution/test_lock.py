"""A step runs once at a time on a machine, whatever becomes of the processes."""

import fcntl
import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envsync.errors import InterruptedStepError, RefusedError
from envsync.execution.lock import Holder, StepLocks
from envsync.gateways.clock import SystemClock
from tests.execution.holder import another, end, first_line, start

STEP = "push publishing_api from production"
OTHER_STEP = "pull publishing_api into staging"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class QuickClock:
    """A clock on which sleeping takes no time."""

    slept: float = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.slept)

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "locks"


@pytest.fixture
def locks(folder: Path) -> StepLocks:
    return StepLocks(folder, SystemClock())


def test_a_second_run_is_refused_with_pid_and_start_of_the_first(folder: Path) -> None:
    locks = StepLocks(folder, QuickClock())
    with locks.hold(STEP), pytest.raises(RefusedError) as caught, locks.hold(STEP):
        pass
    told = f"{STEP} is already running since 2026-11-20 12:00:00 UTC (pid {os.getpid()})"
    assert str(caught.value).startswith(told)


def test_another_process_is_refused(folder: Path, locks: StepLocks) -> None:
    with locks.hold(STEP), another("step", str(folder), STEP) as other:
        assert f"already running since {datetime.now(UTC):%Y-%m-}" in other.said
        assert f"(pid {os.getpid()})" in other.said


def test_of_processes_that_start_at_once_exactly_one_runs(folder: Path) -> None:
    with ExitStack() as stack:
        processes = [start("step", str(folder), STEP) for _ in range(4)]
        for process in processes:
            stack.callback(end, process)
        assert [first_line(process) for process in processes].count("held") == 1


def test_a_killed_run_holds_nothing_even_if_its_children_live_on(
    folder: Path, locks: StepLocks
) -> None:
    with another("step", str(folder), STEP) as other:
        other.kill()
        assert locks.is_held(STEP) is None
        with locks.hold(STEP) as holder:
            assert locks.is_held(STEP) == holder


def test_a_run_that_ends_is_waited_for(folder: Path, locks: StepLocks) -> None:
    with another("step", str(folder), STEP) as other:
        timer = threading.Timer(0.3, other.let_go)
        timer.start()
        with locks.hold(STEP, wait=30) as holder:
            assert holder.pid == os.getpid()
        timer.join()


def test_a_run_that_does_not_end_is_waited_for_no_longer_than_told(folder: Path) -> None:
    clock = QuickClock()
    waiting = StepLocks(folder, clock).hold(STEP, wait=3600)
    with StepLocks(folder, SystemClock()).hold(STEP), pytest.raises(RefusedError), waiting:
        pass
    assert clock.slept == pytest.approx(3600)


def test_waiting_ends_when_it_is_stopped(locks: StepLocks) -> None:
    stop = threading.Event()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    begun = time.monotonic()
    waiting = locks.hold(STEP, wait=60, stopped=stop.is_set)
    with locks.hold(STEP), pytest.raises(InterruptedStepError), waiting:
        pass
    assert time.monotonic() - begun < 5


def test_threads_take_turns(locks: StepLocks) -> None:
    inside: list[int] = []
    seen: list[int] = []

    def turn(number: int) -> None:
        with locks.hold(STEP, wait=30):
            inside.append(number)
            time.sleep(0.01)
            seen.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(turn, range(8)))
    assert seen == [1] * 8


def test_steps_do_not_block_one_another(locks: StepLocks) -> None:
    with locks.hold(STEP), locks.hold(OTHER_STEP):
        assert locks.is_held(STEP) is not None
        assert locks.is_held(OTHER_STEP) is not None


def test_a_step_that_failed_can_run_again(locks: StepLocks) -> None:
    with pytest.raises(ZeroDivisionError), locks.hold(STEP):
        raise ZeroDivisionError
    with locks.hold(STEP) as holder:
        assert holder.name == STEP


def test_who_runs_a_step_in_another_process_is_known(folder: Path, locks: StepLocks) -> None:
    with another("step", str(folder), STEP) as other:
        holder = locks.is_held(STEP)
        assert holder is not None
        assert (holder.name, holder.pid) == (STEP, other.process.pid)


def test_asking_about_a_step_that_never_ran_leaves_no_trace(folder: Path, locks: StepLocks) -> None:
    assert locks.is_held(STEP) is None
    assert not folder.exists()


def test_who_only_asks_never_refuses_a_step_its_own_lock(folder: Path, locks: StepLocks) -> None:
    with locks.hold(STEP):
        path = next(folder.iterdir())
    with path.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        timer = threading.Timer(0.2, fcntl.flock, (asking, fcntl.LOCK_UN))
        timer.start()
        with locks.hold(STEP) as holder:
            assert locks.is_held(STEP) == holder
        timer.join()


def test_a_file_that_nobody_could_sign_still_tells_since_when(
    folder: Path, locks: StepLocks
) -> None:
    with locks.hold(STEP):
        next(folder.iterdir()).write_text("{")
        os.utime(next(folder.iterdir()), (NOON.timestamp(), NOON.timestamp()))
        assert locks.is_held(STEP) == Holder(STEP, NOON)


def test_a_step_keeps_one_file_for_ever(folder: Path, locks: StepLocks) -> None:
    for _ in range(3):
        with locks.hold(STEP):
            pass
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("name", ["", "../../escape", "a/b", "ü" * 300, "a\nb\0", "\udc80"])
def test_any_name_has_a_file_in_the_folder(folder: Path, locks: StepLocks, name: str) -> None:
    with locks.hold(name) as holder:
        assert locks.is_held(name) == holder
    assert len(list(folder.iterdir())) == 1


def test_names_that_read_alike_do_not_share_a_lock(locks: StepLocks) -> None:
    with locks.hold("push a-b"), locks.hold("push a b"), locks.hold("PUSH A B"):
        assert locks.is_held("push-a-b") is None


def test_locks_are_readable_to_their_owner_alone(folder: Path, locks: StepLocks) -> None:
    with locks.hold(STEP):
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, next(folder.iterdir()))]
    assert modes == [0o700, 0o600]


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    locks = StepLocks(tmp_path / "file", SystemClock())
    with pytest.raises(RefusedError, match="must be a folder"), locks.hold(STEP):
        pass
    with pytest.raises(RefusedError, match="must be a folder"):
        locks.is_held(STEP)


def test_a_link_in_place_of_a_lock_is_not_followed(folder: Path, locks: StepLocks) -> None:
    with locks.hold(STEP):
        path = next(folder.iterdir())
    victim = folder / "victim"
    victim.write_text("untouched")
    path.unlink()
    path.symlink_to(victim)
    with pytest.raises(RefusedError), locks.hold(STEP):
        pass
    assert victim.read_text() == "untouched"

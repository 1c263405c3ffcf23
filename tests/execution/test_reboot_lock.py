"""The reboot lock exists while a step runs, and not a moment longer."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from envsync.errors import RefusedError
from envsync.execution.reboot_lock import reboot_lock, sweep_reboot_lock
from tests.execution.holder import another, end, first_line, start

NAME = "govuk_env_sync"
NOBODY = 65534


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Give up what root may do, for a moment."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_the_file_exists_while_a_step_runs_and_not_after(tmp_path: Path) -> None:
    with reboot_lock(str(tmp_path), NAME):
        assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), reboot_lock(str(tmp_path), NAME):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_the_file_stays_until_the_last_process_is_done(tmp_path: Path) -> None:
    with another("reboot", str(tmp_path), NAME) as other:
        with reboot_lock(str(tmp_path), NAME):
            pass
        assert (tmp_path / NAME).exists()
        other.let_go()
        assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_killed_run_goes_with_the_next(tmp_path: Path) -> None:
    with another("reboot", str(tmp_path), NAME) as other:
        other.kill()
        assert (tmp_path / NAME).exists()
        with reboot_lock(str(tmp_path), NAME):
            assert (tmp_path / NAME).exists()
        assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_killed_run_can_be_swept(tmp_path: Path) -> None:
    with another("reboot", str(tmp_path), NAME) as other:
        other.kill()
        sweep_reboot_lock(str(tmp_path), NAME)
    assert list(tmp_path.iterdir()) == []


def test_sweeping_leaves_a_run_its_file(tmp_path: Path) -> None:
    with reboot_lock(str(tmp_path), NAME):
        sweep_reboot_lock(str(tmp_path), NAME)
        assert (tmp_path / NAME).exists()


def test_sweeping_what_is_not_there_does_nothing(tmp_path: Path) -> None:
    sweep_reboot_lock(str(tmp_path / "nowhere"), NAME)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_replaced_ours_is_left_to_its_holder(tmp_path: Path) -> None:
    with reboot_lock(str(tmp_path), NAME):
        (tmp_path / NAME).unlink()
        (tmp_path / NAME).touch()
    assert (tmp_path / NAME).exists()


def test_many_threads_never_lose_the_file_and_never_leave_it(tmp_path: Path) -> None:
    def missing(_: int) -> bool:
        with reboot_lock(str(tmp_path), NAME):
            return not (tmp_path / NAME).exists()

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(missing, range(2000)))
    assert list(tmp_path.iterdir()) == []


def test_many_processes_never_lose_the_file_and_never_leave_it(tmp_path: Path) -> None:
    with ExitStack() as stack:
        processes = [start("churn", str(tmp_path), NAME) for _ in range(3)]
        for process in processes:
            stack.callback(end, process)
        assert [first_line(process) for process in processes] == ["missing 0 times"] * 3
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_refused_saying_what_to_do(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere")
    with pytest.raises(RefusedError) as caught, reboot_lock(missing, NAME):
        pass
    assert str(caught.value) == (
        f"cannot make the reboot lock 'govuk_env_sync' in {missing!r}: No such file or directory; "
        "create that folder so that the user that runs envsync may write to it, or remove "
        "the key 'reboot_lock' from the inventory"
    )


def test_a_folder_where_nothing_can_be_written_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with (
            as_an_ordinary_user(),
            pytest.raises(RefusedError, match="may not write there"),
            reboot_lock(folder, NAME),
        ):
            pass
        assert list(Path(folder).iterdir()) == []

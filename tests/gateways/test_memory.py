"""Files that exist in memory alone."""

import os
import stat
import subprocess

import pytest

from envsync.gateways.memory import path, sealed


def test_a_child_reads_it_by_its_path_as_often_as_it_likes() -> None:
    with sealed("x", b"content\n") as file:
        said = subprocess.run(
            ("/bin/cat", path(file), path(file)), pass_fds=(file,), capture_output=True, check=True
        )
    assert said.stdout == b"content\ncontent\n"


def test_only_its_user_may_open_it() -> None:
    with sealed("x", b"secret") as file:
        assert stat.S_IMODE(os.fstat(file).st_mode) == 0o600


def test_nobody_can_change_it() -> None:
    with sealed("x", b"content") as file, pytest.raises(PermissionError):
        os.write(file, b"other")

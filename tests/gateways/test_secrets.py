"""Secrets are found where the inventory says, and never told."""

import logging
import os
from pathlib import Path

import pytest

from envsync.errors import RefusedError
from envsync.gateways.secrets import reveal
from envsync.places import Secret

HOSTILE = "p:a\"s's\\w%s ö;$(id)\r"


def written(folder: Path, content: bytes, mode: int = 0o600) -> Secret:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return Secret("file", str(path))


def test_a_variable_is_revealed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVSYNC_TEST_SECRET", f"{HOSTILE}\n")
    assert reveal(Secret("env", "ENVSYNC_TEST_SECRET")) == f"{HOSTILE}\n"


def test_a_file_is_revealed_without_the_one_newline_an_editor_adds(tmp_path: Path) -> None:
    assert reveal(written(tmp_path, f"{HOSTILE}\n\n".encode())) == f"{HOSTILE}\n"


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENVSYNC_TEST_SECRET", raising=False)
    with pytest.raises(RefusedError, match="variable 'ENVSYNC_TEST_SECRET' is not set"):
        reveal(Secret("env", "ENVSYNC_TEST_SECRET"))


def test_a_variable_that_is_no_text_is_refused_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVSYNC_TEST_SECRET", os.fsdecode(b"hunter2\xff"))
    with pytest.raises(RefusedError) as caught:
        reveal(Secret("env", "ENVSYNC_TEST_SECRET"))
    assert "is not text" in str(caught.value)
    assert caught.value.__cause__ is None
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"nowhere' cannot be read: No such file"):
        reveal(Secret("file", str(tmp_path / "nowhere")))


def test_it_is_told_what_kind_of_secret_is_missing(tmp_path: Path) -> None:
    lost = Secret("file", str(tmp_path / "nowhere"))
    with pytest.raises(RefusedError, match="it must hold the password and be readable"):
        reveal(lost)
    with pytest.raises(RefusedError, match="it must hold the key and be readable"):
        reveal(lost, "key")


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RefusedError, match="is empty"):
        reveal(written(tmp_path, content))


def test_bytes_that_are_no_text_are_refused_unseen(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        reveal(written(tmp_path, b"hunter2\xff"))
    assert "is not text" in str(caught.value)
    assert caught.value.__cause__ is None
    assert "hunter2" not in str(caught.value)


def test_a_file_that_others_can_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        reveal(written(tmp_path, b"hunter2", mode=0o640))
    assert "can be read by others (mode 0640)" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_file_of_its_owner_alone_is_not_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reveal(written(tmp_path, b"hunter2"))
    assert caplog.text == ""

"""What only a folder promises: modes, keys that stay below it, a full disk, dead writers' files."""

import os
import shutil
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from envsync.errors import CommandError, RefusedError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.file import FileStore
from envsync.places import FileStorage
from tests.servers.availability import unavailable

FILL = """
import sys
from pathlib import Path
from envsync.errors import CommandError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.file import FileStore
from envsync.places import FileStorage

root = Path(sys.argv[1])
try:
    with FileStore(FileStorage(str(root))).writer("path/key", 1, Scope()) as writer:
        for _ in range(5):
            writer.write(bytes(1 << 20))
except CommandError as error:
    print(error)
print([path.name for path in root.rglob("*")])
"""
KILLED = """
import os, sys
from envsync.gateways.scope import Scope
from envsync.gateways.storage.file import FileStore
from envsync.places import FileStorage

with FileStore(FileStorage(sys.argv[1])).writer("path/key", 1, Scope()) as writer:
    writer.write(b"half")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(FileStorage(str(tmp_path)))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_is_for_its_owner_only(store: FileStore, tmp_path: Path) -> None:
    store.put("path/below/key", b"content")
    made = (tmp_path / "path", tmp_path / "path/below", tmp_path / "path/below/key")
    assert [mode(path) for path in made] == [0o700, 0o700, 0o600]


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../key", "path/../../key", "path//key", "path/", ".", "a\0b", "link/key"],
)
def test_a_key_never_leaves_the_folder(tmp_path: Path, key: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    store = FileStore(FileStorage(str(root)))
    for refused in (
        lambda: store.put(key, b"x"),
        lambda: store.get(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(CommandError, match="is no key for"):
            refused()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root"]


def test_the_longest_name_can_be_written(store: FileStore) -> None:
    key = "path/" + "k" * 255
    store.put(key, b"content")
    assert store.get(key) == b"content"


def test_room_is_that_of_the_file_system(store: FileStore, tmp_path: Path) -> None:
    room = store.free_bytes()
    assert room is not None
    assert abs(room - shutil.disk_usage(tmp_path).free) < 1 << 30


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"cannot write below /proc/path: .*; name a folder"):
        FileStore(FileStorage("/proc")).verify_writable("path")


def test_a_full_disk_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    mounted = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    spaces = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))
    argv = (*spaces, "sh", "-c", mounted, "sh", str(tmp_path), sys.executable, FILL)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        unavailable("a file system of the test's own may not be mounted here")
    message, files, *_ = [*done.stdout.splitlines(), "", done.stderr]
    assert "the disk is full; make room" in message
    assert files == "['path']"


def test_a_killed_writer_leaves_what_only_a_sweep_sees(store: FileStore, tmp_path: Path) -> None:
    subprocess.run((sys.executable, "-c", KILLED, str(tmp_path)), check=False)
    (left,) = (tmp_path / "path").iterdir()
    assert left.name.startswith(".key.partial-")
    assert list(store.keys("")) == []
    assert store.sweep("path/", timedelta(hours=1)) == ()
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    assert store.sweep("path/", timedelta(hours=1)) == (f"path/{left.name}",)
    assert list((tmp_path / "path").iterdir()) == []


def test_of_two_writers_of_one_key_the_first_to_finish_wins(store: FileStore) -> None:
    def write_late() -> None:
        with store.writer("key", 1, Scope()) as late:
            store.put("key", b"first")
            late.write(b"second")

    with pytest.raises(CommandError, match="none is overwritten"):
        write_late()
    assert (store.get("key"), store.sweep("", timedelta(seconds=-2))) == (b"first", ())


def test_a_file_written_to_while_it_is_read_is_noticed(store: FileStore, tmp_path: Path) -> None:
    store.put("key", bytes(3 << 20))

    def read() -> None:
        with store.read("key", Scope()) as chunks:
            next(chunks)
            os.truncate(tmp_path / "key", 2 << 20)
            list(chunks)

    with pytest.raises(CommandError, match="no longer the file of 3145728 bytes"):
        read()

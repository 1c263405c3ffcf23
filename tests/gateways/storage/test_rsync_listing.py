"""Listings of rsync, read back whatever the names in them are."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.errors import CommandError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.rsync import RsyncStore
from envsync.gateways.storage.rsync_listing import listed
from tests.servers.rsync import RsyncServer

HOSTILE = [
    b"new\nline",
    b"literal\\#012",
    b"tab\tand\rreturn",
    b"new\n-rw-r--r--             66 forged",
    b"\xff\xfe not utf-8",
    "数据库 ü".encode(),
    b" leading and trailing ",
    b"link -> target",
    b"#comment; and $(shell) `quotes'",
    b"*?[a]",
]


@pytest.mark.live
def test_hostile_names_are_listed_as_they_are(rsync_server: RsyncServer, tmp_path: Path) -> None:
    root = rsync_server.root("open") / tmp_path.name
    root.mkdir()
    for size, name in enumerate(HOSTILE):
        (root / os.fsdecode(name)).write_bytes(b"x" * size)
    (root / "a link").symlink_to("/etc/passwd")
    os.mkfifo(root / "a pipe")
    store = RsyncStore(rsync_server.storage(f"open/{tmp_path.name}"))
    found = {os.fsencode(one.key): one.bytes for one in store.keys("")}
    assert found == {name: size for size, name in enumerate(HOSTILE)}
    assert [store.get(os.fsdecode(name)) for name in HOSTILE] == [b"x" * n for n in range(10)]


@pytest.mark.live
def test_what_is_no_plain_file_is_not_read(rsync_server: RsyncServer, tmp_path: Path) -> None:
    root = rsync_server.root("open") / tmp_path.name
    root.mkdir()
    (root / "link").symlink_to("/etc/passwd")
    store = RsyncStore(rsync_server.storage(f"open/{tmp_path.name}"))
    with pytest.raises(CommandError, match="it is no plain file"), store.read("link", Scope()):
        pass


@pytest.mark.live
@pytest.mark.parametrize("key", ["", "/etc/passwd", "../key", "a/../../key", "a//b", "a/", "a\0b"])
def test_a_key_never_leaves_the_storage(rsync_server: RsyncServer, key: str) -> None:
    store = RsyncStore(rsync_server.storage("open"))
    for refused in (
        lambda: store.put(key, b"x"),
        lambda: store.get(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(CommandError, match="is no key for"):
            refused()


def test_a_time_is_read_as_utc() -> None:
    (found,) = listed(b"-rw-r--r--         1,5 2026/11/21 07:00:00 k\n".replace(b",", b""), "there")
    assert (found.bytes, found.modified) == (15, datetime(2026, 11, 21, 7, tzinfo=UTC))


@given(st.binary(max_size=60).filter(bytes.strip))
def test_what_is_no_listing_is_refused(said: bytes) -> None:
    with pytest.raises(CommandError, match="cannot list there: rsync said"):
        list(listed(b"a message of the day " + said, "there"))

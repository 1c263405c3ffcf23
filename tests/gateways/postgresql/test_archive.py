"""The beginning of archives, against what pg_restore itself reads there."""

import re
import subprocess
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envsync.errors import CommandError
from envsync.gateways.memory import path, sealed
from envsync.gateways.postgresql.archive import CONTENTS_LIMIT, Archive, read_archive
from tests.gateways.postgresql.specimen import EVERYTHING, archived, dumped, in_blocks
from tests.servers.postgresql import Postgresql, PostgresqlServer

LISTED = re.compile(r"^(\d+); \d+ \d+ (.*)$", re.MULTILINE)

pytestmark = pytest.mark.live


def listed(server: PostgresqlServer, contents: bytes) -> dict[int, str]:
    """Return what pg_restore lists of an archive of which only the contents are there."""
    with sealed("archive", contents) as file:
        said = subprocess.run(
            (server.programs / "pg_restore", "--list", path(file)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=(file,),
            check=True,
        ).stdout.decode()
    return {int(number): line for number, line in LISTED.findall(said)}


def read(archive: bytes, size: int = 4096) -> Archive:
    return read_archive(in_blocks(archive, size))[0]


def test_an_archive_holds_what_pg_restore_lists(postgresql: Postgresql, plain: str) -> None:
    archive = read(archived(postgresql.production, plain))
    lines = listed(postgresql.production, archive.header_and_contents)
    entries = {entry.dump_id: entry for entry in archive.entries}
    assert entries.keys() >= lines.keys()
    assert all(
        line.startswith(f"{entries[number].description} {entries[number].namespace or '-'} ")
        for number, line in lines.items()
    )


def test_a_newer_archive_holds_what_pg_restore_lists(postgresql_18: PostgresqlServer) -> None:
    source = postgresql_18.database()
    postgresql_18.run(EVERYTHING, source)
    archive = read(archived(postgresql_18, source, "--statistics"))
    assert archive.version == (1, 16)
    assert len(listed(postgresql_18, archive.header_and_contents)) > len(archive.entries) - 5


def test_an_archive_says_where_it_comes_from(postgresql: Postgresql, plain: str) -> None:
    archive = read(archived(postgresql.production, plain))
    major = postgresql.programs.parts[-2]
    versions = {archive.server_version.partition(".")[0], archive.dump_version.partition(".")[0]}
    assert (archive.database, versions) == (plain, {major})


def test_texts_turn_back_into_the_archives_bytes(postgresql: Postgresql) -> None:
    source = postgresql.production.database()
    postgresql.production.run('CREATE TABLE "naïve ü" (id integer)', source)
    raw = archived(postgresql.production, source, "--encoding=LATIN1")
    archive = read(raw)
    (table,) = (entry for entry in archive.entries if entry.description == "TABLE")
    assert (archive.codec, table.tag) == ("iso8859-1", "naïve ü")
    assert archive.encoded(table.definition) in raw


@pytest.mark.parametrize("size", [1, 1000, 1 << 24])
def test_no_byte_is_lost_between_the_contents_and_what_follows(archive: bytes, size: int) -> None:
    contents, following = read_archive(in_blocks(archive[:200_000], size))
    assert contents.header_and_contents + b"".join(following) == archive[:200_000]


def test_other_formats_are_refused(postgresql: Postgresql, plain: str) -> None:
    make = partial(dumped, postgresql.production, plain)
    for other in (make("--format=tar"), make("--format=plain"), b"", b"PK\3\4" * 99):
        with pytest.raises(CommandError, match=r"pg_dump|ends within"):
            read(other)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), damage=st.binary(min_size=1, max_size=8))
def test_damage_is_told_and_never_a_bug(archive: bytes, at: int, damage: bytes) -> None:
    damaged = archive[:at] + damage + archive[at + len(damage) :]
    with suppress(CommandError):
        read(damaged)


def test_a_contents_without_end_is_refused_before_memory_is_full(archive: bytes) -> None:
    # The length of the database's name, made enormous: the header's 11 bytes and 8 integers lead.
    at = archive.index(b"everything_") - 4
    endless = archive[:at] + CONTENTS_LIMIT.to_bytes(4, "little") + archive[at + 4 :]
    with pytest.raises(CommandError, match="larger than 64 MiB"):
        read(endless)


def test_versions_to_come_are_refused(archive: bytes) -> None:
    with pytest.raises(CommandError, match=r"of version 1\.99; versions 1\.12 to 1\.16"):
        read(archive[:6] + b"\x63" + archive[7:])

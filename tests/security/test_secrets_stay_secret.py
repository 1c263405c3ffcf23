"""Passwords, hostile ones too, are in no output, no file, no argument and no child's environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.watching import watched
from tests.servers.postgresql import PASSWORD, Postgresql
from tests.servers.s3 import SECRET_KEY, S3Server

pytestmark = pytest.mark.live

BAIT = tuple(
    text.encode() for text in (PASSWORD[-12:], "%2F=", "%252F", "%22secret%22", SECRET_KEY)
)
"""Parts of the secrets that survive what SQL, password files, JSON and URLs do to them."""


@pytest.fixture
def s3_site(tmp_path: Path, postgresql: Postgresql, moto_server: S3Server) -> Iterator[Site]:
    """A site on S3 whose source's password is in a variable, and the target's in a file."""
    storage = {
        "backend": "s3",
        "bucket": moto_server.make_bucket(),
        "region": "eu-west-1",
        "endpoint_url": moto_server.endpoint_url,
    }
    with temporary_site(tmp_path, postgresql, storage) as made:
        made.environment |= {**moto_server.environment, "SOURCE_PASSWORD": PASSWORD}
        made.write(production={"servers.postgres.password": {"env": "SOURCE_PASSWORD"}})
        yield made


def test_no_secret_is_told_stored_or_seen_by_others(s3_site: Site) -> None:
    program = s3_site.start("sync", "app")
    seen = watched(program)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    assert {b"pg_dump", b"pg_restore"} <= {_program(text) for text in seen}
    _assert_no_secret_in(out.encode(), err.encode(), *seen, *_files(s3_site.folder))


def test_no_secret_is_in_what_other_tasks_tell(s3_site: Site) -> None:
    for request in ("plan --format json", "sync app --dry-run", "push app --log-format json"):
        ran = s3_site.run(*request.split())
        assert ran.code == 0, ran.err
        _assert_no_secret_in(ran.out.encode(), ran.err.encode())


def test_the_program_that_reports_is_given_no_secret(s3_site: Site) -> None:
    programs, given = s3_site.folder / "bin", s3_site.folder / "given"
    programs.mkdir()
    (programs / "send_nsca").write_text(
        f"#!/bin/sh\n/usr/bin/env > {given}\ncat\necho '1 data packet(s) sent to host successfully.'\n"
    )
    (programs / "send_nsca").chmod(0o700)
    s3_site.environment["PATH"] = f"{programs}:{s3_site.environment['PATH']}"
    s3_site.write(
        production={
            "servers.postgres.password": {"env": "SOURCE_PASSWORD"},
            "icinga": {"transport": "nsca", "host": "127.0.0.1"},
        }
    )
    assert s3_site.run("push", "app", "--env", "production").code == 0
    assert b"LANG=" in given.read_bytes()
    _assert_no_secret_in(given.read_bytes())


def _assert_no_secret_in(*texts: bytes) -> None:
    found = [(bait, text) for text in texts for bait in BAIT if bait in text]
    assert found == []


def _program(text: bytes) -> bytes:
    return text.partition(b"\0")[0].rpartition(b"/")[2]


def _files(folder: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in folder.rglob("*") if path.is_file())

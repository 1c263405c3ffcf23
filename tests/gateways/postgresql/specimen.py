"""A database with something of everything that a dump can hold, and how copies are compared."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.servers.postgresql import PASSWORD, PostgresqlServer

EVERYTHING, EXTENSIONS, PRODUCTION_ALONE = (
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("everything.sql", "extensions.sql", "production_alone.sql")
)

_ROWS = re.compile(r"(?<=FROM stdin;\n)(.*?)(?=^\\\.$)", re.DOTALL | re.MULTILINE)
# Keys that pg_dump makes up anew for each run, and what differs by its version.
_CHANGING = re.compile(
    r"^(\\(un)?restrict .*|-- Dumped .*|SET transaction_timeout = 0;)\n", re.MULTILINE
)


def dumped(server: PostgresqlServer, database: str, *options: str) -> bytes:
    """Return what pg_dump writes of a database."""
    return subprocess.run(
        (
            server.programs / "pg_dump",
            "--no-password",
            *options,
            f"--dbname={server.conninfo(database)}",
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "PGPASSWORD": PASSWORD},
        check=True,
    ).stdout


def archived(server: PostgresqlServer, database: str, *options: str) -> bytes:
    """Return a database as envsync pushes it, before compression."""
    return dumped(server, database, "--format=custom", "--compress=0", *options)


def described(server: PostgresqlServer, database: str, *options: str) -> str:
    """Return all of a database as text that compares equal for equal contents."""
    text = dumped(server, database, "--no-owner", "--no-acl", *options).decode()
    return _ROWS.sub(_sorted_rows, _CHANGING.sub("", text))


def in_blocks(archive: bytes, size: int = 100_000) -> Iterator[bytes]:
    """Yield an archive as it arrives: in blocks that know nothing of its structure."""
    return (archive[start : start + size] for start in range(0, len(archive), size))


def _sorted_rows(rows: re.Match[str]) -> str:
    return "".join(sorted(rows[1].splitlines(keepends=True)))

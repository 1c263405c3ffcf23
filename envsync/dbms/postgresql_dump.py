"""How PostgreSQL is dumped: by pg_dump, in a snapshot of envsync's own, straight into a storage."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from envsync.commands import Location, Target
from envsync.commands import postgresql as pg
from envsync.commands.postgresql_text import conninfo, quoted
from envsync.dbms.dumps import COMPRESSION_LEVEL, COMPRESSION_THREADS
from envsync.facts.postgresql import Client

LOCK_WAIT = timedelta(minutes=1)


def dump(  # noqa: PLR0913, PLR0917 - from where, by what, where to, and how much of it
    target: Target,
    client: Client,
    location: Location,
    expected_bytes: int,
    row_counts: Literal["exact", "estimate"],
    left_out: tuple[str, ...] = (),
) -> pg.Dump:
    """Return the dump of a database, without the rows of some tables."""
    return pg.Dump(
        target,
        (
            f"{client.folder}/pg_dump",
            "--format=custom",
            "--compress=0",
            f"--snapshot={pg.SNAPSHOT}",
            f"--lock-wait-timeout={int(LOCK_WAIT.total_seconds())}s",
            "--no-password",
            *(f"--exclude-table-data={p}" for table in left_out for p in _patterns(table)),
            f"--dbname={conninfo(target.endpoint, target.database)}",
        ),
        location,
        COMPRESSION_LEVEL,
        COMPRESSION_THREADS,
        expected_bytes,
        row_counts,
        left_out,
    )


def _patterns(table: str) -> Iterator[str]:
    """Name one table, in any schema unless it says one, in pg_dump's pattern language.

    What is before a dot may be a schema, or the beginning of a name that has a dot in it.
    """
    yield f"*.{quoted(table)}"
    for dot in re.finditer(r"\.", table):
        schema, name = table[: dot.start()], table[dot.end() :]
        if schema and name:
            yield f"{quoted(schema)}.{quoted(name)}"

"""What can be done to PostgreSQL, up to the promote."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from envsync.commands import Command, Location, Script, Target
from envsync.commands.artefacts import fetched, stored
from envsync.commands.coverage import ColumnsCheck
from envsync.commands.postgresql_text import Name, Value, conninfo, quoted
from envsync.places import Endpoint

SNAPSHOT = "{snapshot}"
"""Stands in a dump's arguments where the snapshot exported by envsync's own session goes."""


class PostgresqlCommand(Command):
    """Something PostgreSQL's hands can do."""

    __slots__ = ()
    dbms: ClassVar[str] = "postgresql"


@dataclass(frozen=True, slots=True)
class Sql(PostgresqlCommand):
    """One statement, committed by itself; each {} is filled in, quoted by the driver."""

    target: Target
    text: str
    arguments: tuple[Name | Value, ...] = ()

    def lines(self) -> Iterator[str]:
        yield f"sql {self.target}: {self.text.format(*self.arguments)}"


@dataclass(frozen=True, slots=True)
class Claim(PostgresqlCommand):
    """Hold a database of a server for one pull, against pulls on other machines, until its end."""

    endpoint: Endpoint
    database: str

    def lines(self) -> Iterator[str]:
        where = Target(self.endpoint, self.endpoint.maintenance)
        yield f"sql {where}: hold an advisory lock for {quoted(self.database)} until the end"


@dataclass(frozen=True, slots=True)
class Dump(PostgresqlCommand):
    """Dump a database in one snapshot, compress it, and stream it to a storage.

    Rows are counted in the snapshot of the dump. Nothing exists at the location if it fails.
    """

    target: Target
    argv: tuple[str, ...]
    location: Location
    level: int
    threads: int
    expected_bytes: int
    row_counts: Literal["exact", "estimate"]
    without_rows: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        yield f"sql {self.target}: begin repeatable read, read only; export its snapshot"
        dump = " ".join(
            argument if SNAPSHOT in argument else shlex.quote(argument) for argument in self.argv
        )
        yield f"{dump} | {stored(self.location, self.level, self.threads)}"
        how = "count(*)" if self.row_counts == "exact" else "estimates"
        yield f"sql {self.target}: row counts of every table in the same snapshot ({how})"


@dataclass(frozen=True, slots=True)
class Restore(PostgresqlCommand):
    """Stream an artefact into an empty database, stopping at the first error.

    With more than one job the rows go in over several connections, straight from the stream;
    otherwise pg_restore reads the stream by itself. `role` owns what is created. `without_rows`
    names tables that stay empty.
    """

    proves: ClassVar[bool] = True

    target: Target
    location: Location
    client: str
    role: str | None
    jobs: int
    without_rows: tuple[str, ...] = ()

    def into_target(self, role: str | None) -> tuple[str, ...]:
        """Return how pg_restore is told where to restore, and to stop at the first error."""
        return (
            "--exit-on-error",
            "--no-password",
            "--no-owner",
            "--no-acl",
            "--no-tablespaces",
            *((f"--role={role}",) if role else ()),
            f"--dbname={conninfo(self.target.endpoint, self.target.database)}",
        )

    def lines(self) -> Iterator[str]:
        program = f"{self.client}/pg_restore --use-list=WANTED"
        into = shlex.join(self.into_target(self.role))
        stream = fetched(self.location)
        left_out = f" (not of {', '.join(self.without_rows)})" if self.without_rows else ""
        if self.jobs == 1:
            yield f"{stream} | {program} {into}{left_out}"
            return
        yield f"{program} {into} CONTENTS (what comes before rows)"
        yield f"{stream} | {program} --file=- | {self.jobs} connections: COPY FROM stdin{left_out}"
        yield f"{program} {into} --jobs={self.jobs} CONTENTS (what comes after rows)"


@dataclass(frozen=True, slots=True)
class CompareRows(PostgresqlCommand):
    """Compare the rows restored with those the manifest counted."""

    proves: ClassVar[bool] = True

    target: Target
    location: Location
    without_rows: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        manifest = f"{self.location.storage.url}/{self.location.key.manifest}"
        yield f"compare the rows of {self.target} with {manifest}"


@dataclass(frozen=True, slots=True)
class CheckColumns(ColumnsCheck):
    """Compare the columns restored with those that somebody decided on."""

    dbms: ClassVar[str] = "postgresql"


@dataclass(frozen=True, slots=True)
class RunScript(PostgresqlCommand):
    """Run a script in one transaction, stopping at the first error."""

    target: Target
    script: Script
    role: str | None

    def lines(self) -> Iterator[str]:
        role = f" as {quoted(self.role)}" if self.role else ""
        yield f"sanitise {self.target}{role}: {self.script.name} in one transaction"


@dataclass(frozen=True, slots=True)
class Rewrite(PostgresqlCommand):
    """Replace texts in one column, all in a single pass: what was put in is not replaced again."""

    target: Target
    role: str | None
    table: tuple[str, ...]
    column: str
    replacements: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        where = f"{'.'.join(map(quoted, self.table))}.{quoted(self.column)}"
        for old, new in self.replacements:
            yield f"sql {self.target}: replace {Value(old)} by {Value(new)} in {where}"


@dataclass(frozen=True, slots=True)
class RefreshViews(PostgresqlCommand):
    """Fill materialised views anew: they hold what their tables held before sanitising."""

    target: Target
    role: str | None

    def lines(self) -> Iterator[str]:
        yield f"sql {self.target}: REFRESH MATERIALIZED VIEW, each that is populated"


@dataclass(frozen=True, slots=True)
class PutBack(PostgresqlCommand):
    """Put in force what the restore put off for the time of sanitising."""

    target: Target
    role: str | None

    def lines(self) -> Iterator[str]:
        yield f"sql {self.target}: ENABLE ROW LEVEL SECURITY where it was, autovacuum as it was"


@dataclass(frozen=True, slots=True)
class RunChecks(PostgresqlCommand):
    """Run each query of a script, read only; one that returns a row fails the step."""

    proves: ClassVar[bool] = True

    target: Target
    script: Script
    role: str | None

    def lines(self) -> Iterator[str]:
        yield f"check {self.target}: every query of {self.script.name} returns no rows"


@dataclass(frozen=True, slots=True)
class Analyse(PostgresqlCommand):
    """Gather statistics, and vacuum what sanitising rewrote, over several connections."""

    target: Target
    jobs: int

    def lines(self) -> Iterator[str]:
        yield f"sql {self.target}: ANALYZE all, VACUUM what was sanitised, {self.jobs} at once"


@dataclass(frozen=True, slots=True)
class DropDatabase(PostgresqlCommand):
    """Drop a database if it exists, ending the sessions in it."""

    endpoint: Endpoint
    database: str

    def lines(self) -> Iterator[str]:
        where = Target(self.endpoint, self.endpoint.maintenance)
        yield f"sql {where}: DROP DATABASE IF EXISTS {quoted(self.database)}"

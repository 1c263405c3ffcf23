"""What can be done to MySQL and MariaDB, up to the promote."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Command, Location, Script, Target
from envsync.commands.artefacts import fetched, stored
from envsync.commands.coverage import ColumnsCheck
from envsync.commands.mysql_text import literal, quoted
from envsync.places import Endpoint

CREDENTIALS = "{credentials}"
"""Stands in a dump's arguments where the file with the password goes: it is in memory alone."""
OWN_SCHEMA = "envsync"
"""The schema in which envsync keeps what it must know of a server's schemas."""


class MysqlCommand(Command):
    """Something MySQL's hands can do."""

    __slots__ = ()
    dbms: ClassVar[str] = "mysql"


@dataclass(frozen=True, slots=True)
class Schemas:
    """The names a database has in the course of a pull."""

    live: str
    incoming: str
    previous: str
    discarded: str


@dataclass(frozen=True, slots=True)
class Claim(MysqlCommand):
    """Hold a schema of a server for one pull, against pulls on other machines, until its end."""

    endpoint: Endpoint
    database: str

    def lines(self) -> Iterator[str]:
        yield f"sql {self.endpoint}: hold a named lock for {quoted(self.database)} until the end"


@dataclass(frozen=True, slots=True)
class Dump(MysqlCommand):
    """Dump a schema in one snapshot, compress it, and stream it to a storage.

    Rows are counted in the stream itself. Nothing exists at the location if it fails. Of a
    quarantine, what is kept as text beside its tables, such as views and triggers, `follows` them.
    """

    target: Target
    argv: tuple[str, ...]
    location: Location
    level: int
    threads: int
    expected_bytes: int
    without_rows: tuple[str, ...] = ()
    follows: bool = False

    def lines(self) -> Iterator[str]:
        dump = " ".join(
            argument if CREDENTIALS in argument else shlex.quote(argument) for argument in self.argv
        )
        yield f"{dump} | {stored(self.location, self.level, self.threads)}"
        if self.without_rows:
            yield f"leave out the rows of {', '.join(self.without_rows)}; count those of the others"
        else:
            yield "count the rows of every table in the stream"
        if self.follows:
            yield f"add the views, routines, triggers and events kept for {self.target} to its end"


@dataclass(frozen=True, slots=True)
class CreateSchema(MysqlCommand):
    """Create an empty schema."""

    target: Target
    character_set: str
    collation: str

    def lines(self) -> Iterator[str]:
        yield (
            f"sql {self.target.endpoint}: CREATE DATABASE {quoted(self.target.database)} "
            f"CHARACTER SET {self.character_set} COLLATE {self.collation}"
        )


@dataclass(frozen=True, slots=True)
class DropSchema(MysqlCommand):
    """Drop a schema if it exists, with all that is kept of it."""

    target: Target

    def lines(self) -> Iterator[str]:
        name = quoted(self.target.database)
        yield f"sql {self.target.endpoint}: DROP DATABASE IF EXISTS {name}"


@dataclass(frozen=True, slots=True)
class Restore(MysqlCommand):
    """Stream an artefact's tables into an empty schema, stopping at the first error.

    Rows go in over several connections, indexes follow them. Views, routines, triggers and events
    are kept as text until promote. `without` names tables left out, `without_rows` those that stay
    empty.
    """

    proves: ClassVar[bool] = True

    target: Target
    location: Location
    jobs: int
    without: tuple[str, ...] = ()
    without_rows: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        stream = fetched(self.location)
        yield f"{stream} | {self.jobs} connections to {self.target}: tables, rows, then indexes"
        yield f"sql {self.target}: add the foreign keys; keep views, routines, triggers, events"
        for what, names in (("tables", self.without), ("rows", self.without_rows)):
            if names:
                yield f"# left out, {what}: {', '.join(names)}"


@dataclass(frozen=True, slots=True)
class CompareRows(MysqlCommand):
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

    dbms: ClassVar[str] = "mysql"


@dataclass(frozen=True, slots=True)
class RunScript(MysqlCommand):
    """Run a script in one transaction, stopping at the first error."""

    target: Target
    script: Script

    def lines(self) -> Iterator[str]:
        yield f"sanitise {self.target}: {self.script.name} in one transaction"


@dataclass(frozen=True, slots=True)
class Rewrite(MysqlCommand):
    """Replace texts in one column, all in a single pass: what was put in is not replaced again."""

    target: Target
    table: str
    column: str
    replacements: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        where = f"{quoted(self.table)}.{quoted(self.column)}"
        for old, new in self.replacements:
            yield f"sql {self.target}: replace {literal(old)} by {literal(new)} in {where}"


@dataclass(frozen=True, slots=True)
class DeleteHistory(MysqlCommand):
    """Delete the former rows that MariaDB keeps of tables with system versioning, all of them."""

    target: Target

    def lines(self) -> Iterator[str]:
        yield f"sql {self.target}: DELETE HISTORY, every table with system versioning"


@dataclass(frozen=True, slots=True)
class RunChecks(MysqlCommand):
    """Run each query of a script, read only; one that returns a row fails the step."""

    proves: ClassVar[bool] = True

    target: Target
    script: Script

    def lines(self) -> Iterator[str]:
        yield f"check {self.target}: every query of {self.script.name} returns no rows"


@dataclass(frozen=True, slots=True)
class Analyse(MysqlCommand):
    """Gather statistics of every table."""

    target: Target

    def lines(self) -> Iterator[str]:
        yield f"sql {self.target}: ANALYZE TABLE, every table"

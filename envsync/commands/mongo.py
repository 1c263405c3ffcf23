"""What can be done to MongoDB and DocumentDB, up to the promote."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Command, Location, Script, Target
from envsync.commands.artefacts import fetched, stored
from envsync.commands.coverage import ColumnsCheck
from envsync.places import Endpoint

INCOMING = "envsync.incoming."
PREVIOUS = "envsync.previous."
DISCARDED = "envsync.discarded."
"""What the names of collections beside the live ones begin with, inside the live database."""
RESERVED = (INCOMING, PREVIOUS, DISCARDED)
BOOKS = "envsync"
"""The database in which envsync keeps its claims and its notes about the others."""


class MongoCommand(Command):
    """Something MongoDB's hands can do."""

    __slots__ = ()
    dbms: ClassVar[str] = "mongo"


@dataclass(frozen=True, slots=True)
class Claim(MongoCommand):
    """Hold a database of a server for one pull, against pulls on other machines, until its end."""

    endpoint: Endpoint
    database: str

    def lines(self) -> Iterator[str]:
        where = Target(self.endpoint, BOOKS)
        yield f"mongo {where}: hold the claim {self.database!r} in claims until the end"


@dataclass(frozen=True, slots=True)
class Dump(MongoCommand):
    """Read a database raw, with several readers, and stream it to a storage as one archive.

    Documents are counted as they are read. With `snapshot` all of it is read as of one moment;
    with `ranges` large collections are read by ranges of _id. The archive is of the database
    `named`, where that is not the one that is read, which is then a quarantine without writers.
    """

    target: Target
    location: Location
    level: int
    threads: int
    readers: int
    expected_bytes: int
    snapshot: bool
    ranges: bool
    secondary: bool = False
    without_collections: tuple[str, ...] = ()
    named: str | None = None

    def lines(self) -> Iterator[str]:
        moment = "in one snapshot" if self.snapshot else "without a snapshot"
        parts = ", large ones by ranges of _id" if self.ranges else ""
        left_out = f", not {_list(self.without_collections)}" if self.without_collections else ""
        named = f", of {self.named!r}" if self.named else ""
        yield (
            f"mongo {self.target}: find in every collection, raw, {moment}, {self.readers} readers"
            f"{parts}{left_out} | archive of mongodump{named} | "
            f"{stored(self.location, self.level, self.threads)}"
        )


@dataclass(frozen=True, slots=True)
class Restore(MongoCommand):
    """Stream an archive into new collections whose names begin with a prefix.

    Indexes are built as soon as a collection's documents are in, unless the copy moves on. What is
    restored is remembered for the promote into the `live` database, if there is to be one.
    """

    proves: ClassVar[bool] = True

    target: Target
    prefix: str
    source: str
    live: str | None
    location: Location
    jobs: int
    indexes: bool
    without_collections: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        left_out = f" (not {_list(self.without_collections)})" if self.without_collections else ""
        yield (
            f"{fetched(self.location)} | mongo {self.target}: {self.jobs} "
            f"connections: insert raw into {self.prefix}*, validators bypassed{left_out}"
        )
        if self.indexes:
            yield f"mongo {self.target}: createIndexes for each of {self.prefix}* once it is full"


@dataclass(frozen=True, slots=True)
class CompareRows(MongoCommand):
    """Compare the documents restored with those the manifest counted."""

    proves: ClassVar[bool] = True

    target: Target
    location: Location
    without_collections: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        manifest = f"{self.location.storage.url}/{self.location.key.manifest}"
        yield f"compare the documents of {self.target} with {manifest}"


@dataclass(frozen=True, slots=True)
class CheckColumns(ColumnsCheck):
    """Compare the fields of all documents restored with those that somebody decided on."""

    dbms: ClassVar[str] = "mongo"


@dataclass(frozen=True, slots=True)
class RunScript(MongoCommand):
    """Run a script's updates and deletes in order, stopping at the first error."""

    target: Target
    script: Script

    def lines(self) -> Iterator[str]:
        yield f"sanitise {self.target}: every step of {self.script.name}, in order"


@dataclass(frozen=True, slots=True)
class Rewrite(MongoCommand):
    """Replace texts in one field, all in a single pass: what was put in is not replaced again."""

    target: Target
    collection: str
    field: str
    replacements: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        for old, new in self.replacements:
            where = f"{self.collection}.{self.field}"
            yield f"mongo {self.target}: replace {old!r} by {new!r} in {where}"


@dataclass(frozen=True, slots=True)
class RunChecks(MongoCommand):
    """Run each check of a script; one that finds a document fails the step."""

    proves: ClassVar[bool] = True

    target: Target
    script: Script

    def lines(self) -> Iterator[str]:
        yield f"check {self.target}: every check of {self.script.name} finds nothing"


@dataclass(frozen=True, slots=True)
class DropDatabase(MongoCommand):
    """Drop a database if it exists."""

    endpoint: Endpoint
    database: str

    def lines(self) -> Iterator[str]:
        yield f"mongo {Target(self.endpoint, self.database)}: dropDatabase"


@dataclass(frozen=True, slots=True)
class DropCollections(MongoCommand):
    """Drop the collections whose names begin with a prefix that is reserved for envsync."""

    target: Target
    prefix: str

    def lines(self) -> Iterator[str]:
        yield f"mongo {self.target}: drop {self.prefix}*"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names))

"""All that envsync can do to the world, as printable frozen values: the narrow waist.

Above it nothing touches the world, below it nothing knows what a plan is. `lines` is how a
command is shown by a dry run; a secret never reaches a command, only where it can be found.
Here is what all engines share; what one engine alone can do is in its own module.
"""

import math
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import ClassVar

from envsync.artefacts import ArtefactKey, Manifest, ScriptUsed, Stamp
from envsync.changes import TableChanges
from envsync.columns import Classification
from envsync.places import Endpoint, RsyncStorage, Storage, Transport, spool_text
from envsync.shrinking import Floor
from envsync.verification import Verification


class Command(ABC):
    """Something to do to the world; `dbms` names the engine that can, "" what needs none.

    What `proves` an artefact fails by the artefact's fault, unless the other side was not there.
    """

    __slots__ = ()
    dbms: ClassVar[str] = ""
    proves: ClassVar[bool] = False
    promotes: ClassVar[bool] = False
    """Whether it puts new data in the place of what is live."""

    @abstractmethod
    def lines(self) -> Iterator[str]:
        """Yield the command as a dry run shows it."""

    def publishes(self) -> "Published | None":
        """The artefact that exists once this has been carried out, if any."""
        return None


@dataclass(frozen=True, slots=True)
class Script:
    """A file that sanitises or checks: how the inventory names it, and where it is."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Location:
    """An artefact in its storage."""

    storage: Storage
    key: ArtefactKey

    @property
    def url(self) -> str:
        return f"{self.storage.url}/{self.key}"


def stored(location: Location, level: int, threads: int) -> str:
    """Show the way of a dump's bytes into a storage."""
    to = "".join(f" -r {shlex.quote(each)}" for each in location.storage.age.encrypt_to)
    encrypt = f" | age{to}" if location.key.encrypted else ""
    return f"zstd -{level} -T{threads}{encrypt} | sha256 | upload {location.url}"


def fetched(location: Location) -> str:
    """Show the way of a dump's bytes out of a storage."""
    decrypt = f" | age -d -i {location.storage.age.decrypt_with}" if location.key.encrypted else ""
    return f"download {location.url} | sha256{decrypt} | zstd -d"


@dataclass(frozen=True, slots=True)
class Target:
    """A database on a server: what most commands act on."""

    endpoint: Endpoint
    database: str

    def __str__(self) -> str:
        return f"{self.database}@{self.endpoint}"


@dataclass(frozen=True, slots=True)
class Meet(Command):
    """Go on once all pulls of a group are as far as this one; not at all where one has failed."""

    group: str

    def lines(self) -> Iterator[str]:
        yield f"# wait until all pulls of group {self.group!r} can be promoted, or give all up"


@dataclass(frozen=True, slots=True)
class Sweep(Command):
    """Remove half uploads that killed runs left below a folder of a storage."""

    storage: Storage
    path: str
    older_than: timedelta

    def lines(self) -> Iterator[str]:
        where = f"{self.storage.url}/{self.path}"
        yield f"remove half uploads older than {self.older_than} below {where}"


@dataclass(frozen=True, slots=True)
class Spool(Command):
    """Let an artefact pass through a folder of this machine, cleared of what killed runs left.

    It takes as much disk as the artefact, until the step has read or sent all of it.
    """

    storage: RsyncStorage
    expected_bytes: int | None

    def lines(self) -> Iterator[str]:
        size = "the artefact takes"
        if self.expected_bytes is not None:
            size = f"the artefact takes, about {math.ceil(self.expected_bytes / 2**20):,} MiB"
        yield f"spool in {spool_text(self.storage)}: as much temporary disk as {size}"


@dataclass(frozen=True, slots=True)
class Published:
    """An artefact that is there from now on, for the pulls that wait for it."""

    storage: Storage
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Publish(Command):
    """Write the manifest, completed with what was measured: from now on the artefact exists.

    An artefact that lies below its floor is refused instead, and the one before stays the newest.
    """

    location: Location
    manifest: Manifest
    floor: Floor | None = None

    def lines(self) -> Iterator[str]:
        if self.floor:
            yield str(self.floor)
        yield f"publish {self.location.storage.url}/{self.location.key.manifest}"

    def publishes(self) -> Published | None:
        return Published(self.location.storage, self.manifest)


@dataclass(frozen=True, slots=True)
class Supersede(Command):
    """Remove what lies at a location, its manifest first, and what else lies beside without one.

    For an artefact that is made again from the same data. Nobody else writes there meanwhile.
    """

    location: Location

    def lines(self) -> Iterator[str]:
        yield f"remove {self.location.url} if it is there, its manifest first"


@dataclass(frozen=True, slots=True)
class Discard(Command):
    """Remove what an unfinished push left at a location, unless a manifest says it is whole."""

    location: Location

    def lines(self) -> Iterator[str]:
        yield f"remove {self.location.url} if it has no manifest"


@dataclass(frozen=True, slots=True)
class RecordVerification(Command):
    """Write how a restore drill of an artefact went, completed with what was measured."""

    location: Location
    drill: Stamp
    verification: Verification

    def lines(self) -> Iterator[str]:
        place = f"{self.location.storage.url}/{self.location.key.verification(self.drill)}"
        yield f"record how the drill went: {place}"


@dataclass(frozen=True, slots=True)
class Caution(Command):
    """Tell the operator of something that is not as it should be, and go on."""

    text: str

    def lines(self) -> Iterator[str]:
        yield f"# warning: {self.text}"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a copy's columns are compared with; where it is strict, an undecided one fails the step.

    Tables that are `without` are left out of the copy: they are not missed.
    """

    classification: Classification
    strict: bool
    without: tuple[str, ...] = ()

    def line(self, where: object) -> str:
        """Return the comparison as a dry run shows it."""
        otherwise = "fails the step" if self.strict else "is a warning"
        file = self.classification.file
        return f"compare the columns of {where} with {file}: one not decided on {otherwise}"


@dataclass(frozen=True, slots=True)
class ColumnsCheck(Command):
    """Compare the columns of what was restored with those that somebody decided on."""

    target: Target
    gate: Gate

    def lines(self) -> Iterator[str]:
        yield self.gate.line(self.target)


@dataclass(frozen=True, slots=True)
class RunProgram(Command):
    """Run a program on this machine, with a few variables of its own and no shell."""

    argv: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.variables)
        yield f"{given} {shlex.join(self.argv)}"


class CheckCode(IntEnum):
    """What a passive check result says of a service, as monitoring numbers it."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Report(Command):
    """Tell monitoring how a step ended: one passive check result for one service of one host."""

    transport: Transport
    host: str
    service: str
    code: CheckCode
    message: str

    def lines(self) -> Iterator[str]:
        service = f"{self.host}!{self.service}"
        yield f"report {self.transport.url}: {service} [{self.code}] {self.message}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What carrying out a command showed: sizes in bytes, rows by table.

    `outside_snapshot` names tables that were not read at one moment with all others. `data_of` is
    when the data that is live now was taken from its source. `artefact` is the one that
    serves in place of the step's own, where another machine was at it already. `seconds` are those
    of commands that prove an artefact. Of objects, it is how many were `copied` and how many
    `deleted`.
    """

    bytes: int = 0
    bytes_uncompressed: int = 0
    sha256: str = ""
    rows: Mapping[str, int] = field(default_factory=dict, hash=False)
    scripts: tuple[ScriptUsed, ...] = ()
    warnings: tuple[str, ...] = ()
    outside_snapshot: tuple[str, ...] = ()
    data_of: Stamp | None = None
    artefact: ArtefactKey | None = None
    copied: int = 0
    deleted: int = 0
    seconds: float = 0.0
    changes: tuple[TableChanges, ...] = ()

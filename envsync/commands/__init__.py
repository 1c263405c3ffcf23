"""All that envsync can do to the world, as printable frozen values: the narrow waist.

Above it nothing touches the world, below it nothing knows what a plan is. `lines` is how a
command is shown by a dry run; a secret never reaches a command, only where it can be found.
Here is what all engines share; what one engine alone can do is in its own module.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from envsync.artefacts import ArtefactKey, Manifest, ScriptUsed, Stamp
from envsync.changes import TableChanges
from envsync.places import Endpoint, Storage


class Command(ABC):
    """Something to do to the world; `dbms` names the engine that can, "" what needs none.

    What `proves` an artefact fails by the artefact's fault, unless the other side was not there.
    """

    __slots__ = ()
    dbms: ClassVar[str] = ""
    proves: ClassVar[bool] = False
    promotes: ClassVar[bool] = False
    """Whether it puts new data in the place of what is live."""
    prepares: ClassVar[bool] = False
    """Whether it only warns or sees to room here: who has done no more has touched nothing."""

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


@dataclass(frozen=True, slots=True)
class Target:
    """A database on a server: what most commands act on."""

    endpoint: Endpoint
    database: str

    def __str__(self) -> str:
        return f"{self.database}@{self.endpoint}"


@dataclass(frozen=True, slots=True)
class Published:
    """An artefact that is there from now on, for the pulls that wait for it."""

    storage: Storage
    manifest: Manifest


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

"""What is observed of MongoDB before acting."""

from dataclasses import dataclass
from typing import Literal

from envsync.facts import PullFactsBase, PushFactsBase, SwapFactsBase
from envsync.provenance import Provenance

Member = Literal["the primary", "a secondary"]
"""Which member of a replica set a push is made from."""

_WITH_SNAPSHOT_READS = 5
"""The version from which on a find may read at a snapshot (MongoDB manual, Read Concern)."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server as its user sees it; one that only a dry run knows of is `assumed`.

    `state` is what it is in its replica set, `alone` where it is in none.
    """

    version: str
    state: str
    user: str | None
    documentdb: bool = False
    router: bool = False
    longest_namespace: int = 255
    assumed: bool = False

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def writable(self) -> bool:
        return self.state in {"alone", "primary"}

    def serves(self, wanted: Member) -> bool:
        """Whether a push that wants the primary, or a secondary, is made from here."""
        return self.state == "alone" or self.state == wanted.split()[-1]

    @property
    def snapshots(self) -> bool:
        """Whether reads outside of transactions can all see one moment (from MongoDB 5.0 on)."""
        return self.major >= _WITH_SNAPSHOT_READS and self.state != "alone" and not self.documentdb

    @property
    def ranges(self) -> bool:
        """Whether an index can be read between two bounds of any type."""
        return not self.documentdb

    @property
    def renames_at_once(self) -> bool:
        """Whether a collection can take another one's name without a moment between the two."""
        return not (self.documentdb or self.router)


@dataclass(frozen=True, slots=True)
class Database:
    """A database as it is: sizes in bytes, the names of its collections, whence it came."""

    name: str
    bytes: int
    collections: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    previous: bool = False
    left_out: tuple[str, ...] = ()
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class PushFacts(PushFactsBase):
    """What a push must know: the source as it is now, and which member it is wanted from."""

    server: Server
    source: Database | None
    wanted: Member = "the primary"
    client_version: str = "0"

    @property
    def tables(self) -> tuple[str, ...]:
        return self.source.collections if self.source and not self.server.assumed else ()

    @property
    def others(self) -> tuple[str, ...]:
        return self.source.views if self.source else ()


@dataclass(frozen=True, slots=True)
class PullFacts(PullFactsBase):
    """What a pull must know: the target as it is now, and who could read its quarantine.

    `readers` are users that are no administrators; `caution` says why nobody can know of others.
    """

    server: Server
    live: Database | None
    free_bytes: int | None = None
    readers: tuple[str, ...] = ()
    caution: str | None = None
    client_version: str = "0"

    @property
    def server_version(self) -> str:
        return self.server.version


@dataclass(frozen=True, slots=True)
class SwapFacts(SwapFactsBase):
    """What a rollback must know: the database as it is, and whether something can be put back.

    `begun` says that a rollback was cut short.
    """

    server: Server
    live: Database | None
    begun: bool = False

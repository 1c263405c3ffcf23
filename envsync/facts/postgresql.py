"""What is observed of PostgreSQL before acting."""

from dataclasses import dataclass
from typing import Literal

from envsync.facts import PullFactsBase, PushFactsBase, SwapFactsBase
from envsync.provenance import Provenance

GrantKind = Literal["SCHEMA", "TABLE", "SEQUENCE", "ROUTINE", "TYPE", "DEFAULT"]


@dataclass(frozen=True, slots=True)
class Client:
    """An installed set of client programs: its major version and the folder it lies in."""

    major: int
    version: str
    folder: str


@dataclass(frozen=True, slots=True)
class Server:
    """A database server as its role sees it: `version` as a number like 150018, sizes in bytes.

    One that only a dry run knows of, and cannot see, is `assumed`.
    """

    version: int
    version_text: str
    standby: bool
    user: str
    superuser: bool
    createdb: bool
    roles: frozenset[str]
    member_of: frozenset[str]
    free_bytes: int | None = None
    assumed: bool = False

    @property
    def major(self) -> int:
        """The major version, as 15 or 9 (before PostgreSQL 10 the minor one is lost)."""
        return self.version // 10000


@dataclass(frozen=True, slots=True)
class Grant:
    """A privilege one role has on one object; `object` is quoted by the server that named it.

    A grant of kind DEFAULT is on objects to come: `object` is then their kind, in `schema`. What
    everybody would have, and was taken away, is `revoked` from the grantee "".
    """

    kind: GrantKind
    object: str
    privilege: str
    grantee: str
    grantable: bool = False
    schema: str | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter set for a database, for one role in it or for all (None)."""

    role: str | None
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Database:
    """A database as it is: who owns it, how large it is, who may connect, how it is set up."""

    name: str
    owner: str
    bytes: int
    encoding: str
    collate: str
    ctype: str
    connection_limit: int = -1
    connect: tuple[tuple[str, str], ...] = ()
    settings: tuple[Setting, ...] = ()
    grants: tuple[Grant, ...] = ()
    tables: int = 0
    large_objects: bool = False
    provenance: Provenance | None = None
    unreadable: tuple[str, ...] = ()
    with_rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PushFacts(PushFactsBase):
    """What a push must know: the source as it is now, and the room where its artefact will lie."""

    clients: tuple[Client, ...]
    server: Server
    source: Database | None

    @property
    def tables(self) -> tuple[str, ...]:
        return self.source.with_rows if self.source else ()


@dataclass(frozen=True, slots=True)
class SwapFacts(SwapFactsBase):
    """What a rollback must know: the live database and the previous one."""

    live: Database | None
    previous: Database | None


@dataclass(frozen=True, slots=True)
class PullFacts(PullFactsBase):
    """What a pull must know: the target as it is now, and the artefact it will restore.

    `remains` are databases of runs that were killed, or somebody else's, in the pull's way.
    """

    clients: tuple[Client, ...]
    server: Server
    live: Database | None
    previous: Database | None
    remains: tuple[Database, ...] = ()

    @property
    def server_version(self) -> str:
        return self.server.version_text

"""What is observed of MySQL and MariaDB before acting."""

from dataclasses import dataclass
from typing import Literal

from envsync.facts import PullFactsBase, PushFactsBase, SwapFactsBase
from envsync.provenance import Provenance

Brand = Literal["MariaDB", "MySQL"]


@dataclass(frozen=True, slots=True)
class Client:
    """An installed dump program: whose it is, its version as numbers and as text, its path."""

    brand: Brand
    version: tuple[int, ...]
    text: str
    program: str


@dataclass(frozen=True, slots=True)
class Server:
    """A server as its account sees it; sizes in bytes.

    `replica` says why it is one, "" where it is none. One that only a dry run knows of, and cannot
    see, is `assumed`.
    """

    version: str
    replica: str
    user: str
    lower_case_table_names: int
    max_allowed_packet: int
    collations: frozenset[str] = frozenset()
    free_bytes: int | None = None
    assumed: bool = False

    @property
    def brand(self) -> Brand:
        return "MariaDB" if "mariadb" in self.version.lower() else "MySQL"


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema as it is: how large, in which character set, with what in it."""

    name: str
    bytes: int
    character_set: str
    collation: str
    tables: int
    collations: tuple[str, ...] = ()
    without_transactions: tuple[str, ...] = ()
    provenance: Provenance | None = None
    with_rows: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PushFacts(PushFactsBase):
    """What a push must know: the source as it is now, and the room where its artefact will lie."""

    clients: tuple[Client, ...]
    server: Server
    source: Schema | None

    @property
    def tables(self) -> tuple[str, ...]:
        return self.source.with_rows if self.source else ()

    @property
    def others(self) -> tuple[str, ...]:
        return self.source.others if self.source else ()


@dataclass(frozen=True, slots=True)
class PullFacts(PullFactsBase):
    """What a pull must know: the target as it is now, and the artefact it will restore.

    `readers` are accounts that are no administrators and could read the quarantine; None where
    that cannot be seen. `pointing` are tables of other schemas with foreign keys into the live one.
    `clients` are the dump programs, looked for where the copy is to be dumped again. `watchers` are
    accounts that see statements as they run, and so the rows in them while they are loaded.
    """

    server: Server
    live: Schema | None
    previous: Schema | None
    readers: tuple[str, ...] | None = ()
    pointing: tuple[str, ...] = ()
    clients: tuple[Client, ...] = ()
    watchers: tuple[str, ...] = ()

    @property
    def server_version(self) -> str:
        return self.server.version


@dataclass(frozen=True, slots=True)
class SwapFacts(SwapFactsBase):
    """What a rollback must know: the live schema and the previous one."""

    live: Schema | None
    previous: Schema | None

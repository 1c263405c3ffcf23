"""What makes a copy the live schema of MySQL and MariaDB, and what was live the previous one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from envsync.commands.mysql import MysqlCommand, Schemas
from envsync.commands.mysql_text import quoted
from envsync.places import Endpoint
from envsync.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Recover(MysqlCommand):
    """Bring a promote to its end that a killed run has left halfway."""

    endpoint: Endpoint
    schemas: Schemas

    def lines(self) -> Iterator[str]:
        yield f"sql {self.endpoint}: finish a promote of {quoted(self.schemas.live)} cut short"


@dataclass(frozen=True, slots=True)
class Promote(MysqlCommand):
    """Make the incoming tables the live ones, and what was live the previous, in one RENAME TABLE.

    Views, routines, triggers and events follow. If one of them cannot be created all is undone.
    """

    promotes: ClassVar[bool] = True

    endpoint: Endpoint
    schemas: Schemas
    character_set: str
    collation: str
    provenance: Provenance

    def lines(self) -> Iterator[str]:
        live, previous = quoted(self.schemas.live), quoted(self.schemas.previous)
        yield f"sql {self.endpoint}: drop each trigger and event of {live}, kept as text"
        yield (
            f"sql {self.endpoint}: RENAME TABLE each table of {live} to {previous}, each of "
            f"{quoted(self.schemas.incoming)} to {live}, in one statement"
        )
        yield f"sql {self.endpoint}: create routines, views, triggers, events in {live}"


@dataclass(frozen=True, slots=True)
class SwapBack(MysqlCommand):
    """Exchange the tables of the live schema and the previous one, and all that goes with them.

    One that a killed run has left halfway is brought to its end, and is the exchange.
    """

    endpoint: Endpoint
    schemas: Schemas

    def lines(self) -> Iterator[str]:
        live, previous = quoted(self.schemas.live), quoted(self.schemas.previous)
        yield f"sql {self.endpoint}: exchange {live} and {previous} in one RENAME TABLE"

"""What can be asked of MySQL and MariaDB."""

from dataclasses import dataclass, field

from envsync.commands import Target
from envsync.commands.mysql import Schemas
from envsync.questions import DumpQuestion, PullQuestion, Question


@dataclass(frozen=True, slots=True)
class ObservePush(DumpQuestion):
    """Ask what a push must know before it acts."""

    dbms: str = field(default="mysql", init=False)

    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObservePull(PullQuestion):
    """Ask what a pull must know before it acts."""

    dbms: str = field(default="mysql", init=False)

    target: Target
    schemas: Schemas
    disk_bytes: int | None
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObserveSwap(Question):
    """Ask what a rollback must know: the live schema and the previous one."""

    dbms: str = field(default="mysql", init=False)

    target: Target
    previous: str

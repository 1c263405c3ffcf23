"""What can be asked of MySQL and MariaDB."""

from dataclasses import dataclass, field

from envsync.commands import Target
from envsync.commands.mysql import Schemas
from envsync.places import Storage
from envsync.questions import PullQuestion, Question


@dataclass(frozen=True, slots=True)
class MysqlQuestion(Question):
    """Something MySQL's eyes can see."""

    dbms: str = field(default="mysql", init=False)


@dataclass(frozen=True, slots=True)
class ObservePush(MysqlQuestion):
    """Ask what a push must know before it acts."""

    source: Target
    storage: Storage
    path: str
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
class ObserveSwap(MysqlQuestion):
    """Ask what a rollback must know: the live schema and the previous one."""

    target: Target
    previous: str

"""What can be asked of MySQL and MariaDB."""

from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Target
from envsync.commands.mysql import Schemas
from envsync.places import Storage
from envsync.questions import ColumnsQuestion, PullQuestion, Question, SamplesQuestion


@dataclass(frozen=True, slots=True)
class MysqlQuestion(Question):
    """Something MySQL's eyes can see."""

    dbms: ClassVar[str] = "mysql"


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

    dbms: ClassVar[str] = "mysql"

    target: Target
    schemas: Schemas
    disk_bytes: int | None
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObserveColumns(ColumnsQuestion):
    """Ask what columns a database has."""

    dbms: ClassVar[str] = "mysql"


@dataclass(frozen=True, slots=True)
class ObserveSamples(SamplesQuestion):
    """Ask for values of at most so many rows of a table."""

    dbms: ClassVar[str] = "mysql"


@dataclass(frozen=True, slots=True)
class ObserveSwap(MysqlQuestion):
    """Ask what a rollback must know: the live schema and the previous one."""

    target: Target
    previous: str

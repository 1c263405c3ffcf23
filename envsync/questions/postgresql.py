"""What can be asked of PostgreSQL."""

from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Target
from envsync.places import Storage
from envsync.questions import ColumnsQuestion, PullQuestion, Question, SamplesQuestion


@dataclass(frozen=True, slots=True)
class PostgresqlQuestion(Question):
    """Something PostgreSQL's eyes can see."""

    dbms: ClassVar[str] = "postgresql"


@dataclass(frozen=True, slots=True)
class ObservePush(PostgresqlQuestion):
    """Ask what a push must know before it acts."""

    source: Target
    storage: Storage
    path: str
    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObservePull(PullQuestion):
    """Ask what a pull must know before it acts."""

    dbms: ClassVar[str] = "postgresql"

    target: Target
    previous: str
    clients: tuple[str, ...]
    disk_bytes: int | None


@dataclass(frozen=True, slots=True)
class ObserveColumns(ColumnsQuestion):
    """Ask what columns a database has."""

    dbms: ClassVar[str] = "postgresql"


@dataclass(frozen=True, slots=True)
class ObserveSamples(SamplesQuestion):
    """Ask for values of at most so many rows of a table."""

    dbms: ClassVar[str] = "postgresql"


@dataclass(frozen=True, slots=True)
class ObserveSwap(PostgresqlQuestion):
    """Ask what a rollback must know: the live database and the previous one."""

    target: Target
    previous: str

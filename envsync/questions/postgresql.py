"""What can be asked of PostgreSQL."""

from dataclasses import dataclass, field

from envsync.commands import Target
from envsync.places import Storage
from envsync.questions import PullQuestion, Question


@dataclass(frozen=True, slots=True)
class PostgresqlQuestion(Question):
    """Something PostgreSQL's eyes can see."""

    dbms: str = field(default="postgresql", init=False)


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

    dbms: str = field(default="postgresql", init=False)

    target: Target
    previous: str
    clients: tuple[str, ...]
    disk_bytes: int | None


@dataclass(frozen=True, slots=True)
class ObserveSwap(PostgresqlQuestion):
    """Ask what a rollback must know: the live database and the previous one."""

    target: Target
    previous: str

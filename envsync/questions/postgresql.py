"""What can be asked of PostgreSQL."""

from dataclasses import dataclass, field

from envsync.commands import Target
from envsync.questions import DumpQuestion, PullQuestion, Question


@dataclass(frozen=True, slots=True)
class ObservePush(DumpQuestion):
    """Ask what a push must know before it acts."""

    dbms: str = field(default="postgresql", init=False)

    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObservePull(PullQuestion):
    """Ask what a pull must know before it acts."""

    dbms: str = field(default="postgresql", init=False)

    target: Target
    previous: str
    remains: tuple[str, ...]
    clients: tuple[str, ...]
    disk_bytes: int | None


@dataclass(frozen=True, slots=True)
class ObserveSwap(Question):
    """Ask what a rollback must know: the live database and the previous one."""

    dbms: str = field(default="postgresql", init=False)

    target: Target
    previous: str

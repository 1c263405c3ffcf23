"""What can be asked of MongoDB and DocumentDB."""

from dataclasses import dataclass, field

from envsync.commands import Script, Target
from envsync.questions import DumpQuestion, PullQuestion, Question


@dataclass(frozen=True, slots=True)
class ObservePush(DumpQuestion):
    """Ask what a push must know before it acts."""

    dbms: str = field(default="mongo", init=False)

    secondary: bool


@dataclass(frozen=True, slots=True)
class ObservePull(PullQuestion):
    """Ask what a pull must know before it acts; `quarantine` is None where none is needed."""

    dbms: str = field(default="mongo", init=False)

    target: Target
    quarantine: str | None
    scripts: tuple[Script, ...]


@dataclass(frozen=True, slots=True)
class ObserveSwap(Question):
    """Ask what a rollback must know: the live collections and the previous ones."""

    dbms: str = field(default="mongo", init=False)

    target: Target

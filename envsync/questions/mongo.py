"""What can be asked of MongoDB and DocumentDB."""

from dataclasses import dataclass, field

from envsync.commands import Script, Target
from envsync.places import Storage
from envsync.questions import PullQuestion, Question


@dataclass(frozen=True, slots=True)
class MongoQuestion(Question):
    """Something MongoDB's eyes can see."""

    dbms: str = field(default="mongo", init=False)


@dataclass(frozen=True, slots=True)
class ObservePush(MongoQuestion):
    """Ask what a push must know before it acts."""

    source: Target
    storage: Storage
    path: str
    secondary: bool


@dataclass(frozen=True, slots=True)
class ObservePull(PullQuestion):
    """Ask what a pull must know before it acts; `quarantine` is None where none is needed."""

    dbms: str = field(default="mongo", init=False)

    target: Target
    quarantine: str | None
    scripts: tuple[Script, ...]


@dataclass(frozen=True, slots=True)
class ObserveSwap(MongoQuestion):
    """Ask what a rollback must know: the live collections and the previous ones."""

    target: Target

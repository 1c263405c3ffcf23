"""What can be asked of MongoDB and DocumentDB."""

from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Script, Target
from envsync.places import Storage
from envsync.questions import ColumnsQuestion, PullQuestion, Question, SamplesQuestion


@dataclass(frozen=True, slots=True)
class MongoQuestion(Question):
    """Something MongoDB's eyes can see."""

    dbms: ClassVar[str] = "mongo"


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

    dbms: ClassVar[str] = "mongo"

    target: Target
    quarantine: str | None
    scripts: tuple[Script, ...]


@dataclass(frozen=True, slots=True)
class ObserveColumns(ColumnsQuestion):
    """Ask what columns a database has."""

    dbms: ClassVar[str] = "mongo"


@dataclass(frozen=True, slots=True)
class ObserveSamples(SamplesQuestion):
    """Ask for values of at most so many rows of a table."""

    dbms: ClassVar[str] = "mongo"


@dataclass(frozen=True, slots=True)
class ObserveSwap(MongoQuestion):
    """Ask what a rollback must know: the live collections and the previous ones."""

    target: Target

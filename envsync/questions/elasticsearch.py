"""What can be asked of a search cluster."""

from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Script
from envsync.places import Endpoint
from envsync.questions import PullQuestion, Question


@dataclass(frozen=True, slots=True)
class ElasticsearchQuestion(Question):
    """Something a search cluster's eyes can see."""

    dbms: ClassVar[str] = "elasticsearch"


@dataclass(frozen=True, slots=True)
class ObservePush(ElasticsearchQuestion):
    """Ask what a push must know before it acts."""

    endpoint: Endpoint
    repository: str
    patterns: tuple[str, ...]
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class ObservePull(PullQuestion):
    """Ask what a pull must know before it acts; its script is read and must make sense.

    `clean` is the repository that the step takes a snapshot into, "" where it takes none.
    """

    dbms: ClassVar[str] = "elasticsearch"

    endpoint: Endpoint
    repository: str
    target: str
    script: Script | None
    clean: str = ""


@dataclass(frozen=True, slots=True)
class ObserveColumns(ElasticsearchQuestion):
    """Ask what fields a database's indices have, by what applications call them."""

    endpoint: Endpoint
    indices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObserveSamples(ElasticsearchQuestion):
    """Ask for values of at most so many documents behind a name."""

    endpoint: Endpoint
    indices: tuple[str, ...]
    table: str
    limit: int


@dataclass(frozen=True, slots=True)
class ObserveSwap(ElasticsearchQuestion):
    """Ask what a rollback must know: who serves now, and who did before."""

    endpoint: Endpoint
    name: str

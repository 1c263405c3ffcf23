"""What can be asked of a search cluster."""

from dataclasses import dataclass, field

from envsync.commands import Script
from envsync.places import Endpoint
from envsync.questions import PullQuestion, Question


@dataclass(frozen=True, slots=True)
class ObservePush(Question):
    """Ask what a push must know before it acts."""

    dbms: str = field(default="elasticsearch", init=False)

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

    dbms: str = field(default="elasticsearch", init=False)

    endpoint: Endpoint
    repository: str
    target: str
    script: Script | None
    clean: str = ""


@dataclass(frozen=True, slots=True)
class ObserveSwap(Question):
    """Ask what a rollback must know: who serves now, and who did before."""

    dbms: str = field(default="elasticsearch", init=False)

    endpoint: Endpoint
    name: str

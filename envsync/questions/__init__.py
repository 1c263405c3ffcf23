"""All that envsync can ask of the world before it acts, as frozen values; facts are the answers.

Here is what all engines share; what one engine alone is asked is in its own module.
"""

from dataclasses import dataclass, field

from envsync.artefacts import Stamp
from envsync.columns import Columns
from envsync.commands import Script, Target
from envsync.places import Storage

PUSH_FIRST = "push the database first"


@dataclass(frozen=True, slots=True)
class Question:
    """What a step asks before it acts; `dbms` names the engine that can answer."""

    dbms: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class DumpQuestion(Question):
    """Ask for what is to be dumped, and for what lies in its storage below a path."""

    source: Target
    storage: Storage
    path: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which artefact is to be restored; without a timestamp, the newest one.

    Until the push it waits for has run there is no artefact to ask for, and it is `awaited`.
    `writes` is the storage in which the step will leave something below the same path, such as the
    artefact made clean where it `cleans`. `sanitised_by` is the script at hand, `checked_by` the
    checks. `remedy` says what makes an artefact where there is none.
    """

    storage: Storage
    environment: str
    database: str
    path: str
    name: str
    now: Stamp
    timestamp: str | None
    awaited: bool
    writes: Storage | None = None
    cleans: bool = False
    sanitised_by: Script | None = None
    checked_by: Script | None = None
    remedy: str = PUSH_FIRST


@dataclass(frozen=True, slots=True)
class PullQuestion(Question):
    """Ask for what is to be restored, and for where."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class ColumnsQuestion(Question):
    """Ask what columns a database has; the answer is ColumnsFacts.

    `indices` are the patterns of what belongs to it in a search cluster, where the target's
    database says nothing.
    """

    target: Target
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SamplesQuestion(Question):
    """Ask for values of at most so many rows of a table; the answer is SamplesFacts.

    Rows that are documents are sampled whole, whatever their columns.
    """

    target: Target
    table: str
    columns: Columns = field(hash=False)
    limit: int
    indices: tuple[str, ...] = ()

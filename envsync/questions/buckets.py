"""What can be asked of buckets before one is copied into another."""

from dataclasses import dataclass, field

from envsync.places import BucketPlace
from envsync.questions import Question


@dataclass(frozen=True, slots=True)
class ObserveCopy(Question):
    """Ask what differs between two buckets; `awaited` as in the facts."""

    dbms: str = field(default="buckets", init=False)
    source: BucketPlace
    target: BucketPlace
    awaited: bool = False

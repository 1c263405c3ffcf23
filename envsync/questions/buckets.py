"""What can be asked of buckets before one is copied into another."""

from dataclasses import dataclass
from typing import ClassVar

from envsync.places import BucketPlace
from envsync.questions import Question


@dataclass(frozen=True, slots=True)
class ObserveCopy(Question):
    """Ask what differs between two buckets; `awaited` as in the facts."""

    dbms: ClassVar[str] = "buckets"
    source: BucketPlace
    target: BucketPlace
    awaited: bool = False

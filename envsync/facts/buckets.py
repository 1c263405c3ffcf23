"""What is seen of two buckets before one is copied into the other."""

from dataclasses import dataclass

from envsync.facts import Facts

SHOWN = 5
"""How many keys are remembered of those that would be copied, and of those to be deleted."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What would be done, counted object by object; sizes in bytes, keys as in the source."""

    source_objects: int = 0
    target_objects: int = 0
    copies: int = 0
    copy_bytes: int = 0
    deletions: int = 0
    first_copies: tuple[str, ...] = ()
    first_deletions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyFacts(Facts):
    """What differs between two buckets; None where they cannot be seen from here.

    `awaited` is True where the source is about to change, by another copy that comes before.
    """

    changes: Changes | None
    awaited: bool = False

"""What can be done to a bucket to make it what another is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from envsync.artefacts import Stamp
from envsync.commands import Command
from envsync.facts.buckets import Changes
from envsync.places import BucketPlace


@dataclass(frozen=True, slots=True)
class CopyObjects(Command):
    """Have the server copy each object that the target does not have, or has otherwise.

    `now` is the moment since when the target will be what its source is.
    """

    dbms: ClassVar[str] = "buckets"
    source: BucketPlace
    target: BucketPlace
    now: Stamp
    expected: Changes | None

    def lines(self) -> Iterator[str]:
        way = f"copy what changed, {self.source.url} -> {self.target.url}"
        if self.expected is None:
            yield way
            return
        seen = self.expected
        yield (
            f"{way}: {seen.copies:,} of {seen.source_objects:,} objects, {seen.copy_bytes:,} bytes"
        )
        yield from _keys("copy", seen.first_copies, seen.copies)


@dataclass(frozen=True, slots=True)
class DeleteObjects(Command):
    """Delete each object that the source does not have, and never more than `at_most`.

    None sets no bound: somebody has asked for that.
    """

    dbms: ClassVar[str] = "buckets"
    source: BucketPlace
    target: BucketPlace
    at_most: int | None
    expected: Changes | None

    def lines(self) -> Iterator[str]:
        bound = "however many" if self.at_most is None else f"at most {self.at_most:,}"
        way = f"delete what {self.source.url} does not have, {bound}, in {self.target.url}"
        if self.expected is None:
            yield way
            return
        seen = self.expected
        yield f"{way}: {seen.deletions:,} of {seen.target_objects:,} objects"
        yield from _keys("delete", seen.first_deletions, seen.deletions)


def _keys(verb: str, first: Sequence[str], count: int) -> Iterator[str]:
    """Show the first keys as they would be typed: they may hold anything."""
    for key in first:
        yield f"  {verb} {key!r}"
    if count > len(first):
        yield f"  and {count - len(first):,} more"

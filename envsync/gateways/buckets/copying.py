"""Copies all that changed from one bucket to another, many objects at once."""

import threading
from dataclasses import dataclass, field
from functools import partial

from envsync.commands import Measured
from envsync.commands.buckets import CopyObjects
from envsync.gateways.buckets.comparing import content_differs, differs, pairs
from envsync.gateways.buckets.crew import Crew
from envsync.gateways.buckets.listing import Listed
from envsync.gateways.buckets.one_object import (
    ArchivedError,
    CopyLimits,
    copy_in_parts,
    copy_whole,
)
from envsync.gateways.buckets.sides import Sides
from envsync.gateways.scope import Scope

COPIES_AT_ONCE = 10
"""With a large object's parts and two listings, as many as a client has connections."""


@dataclass(slots=True)
class _Tally:
    """What has been done so far, by several threads."""

    copied: int = 0
    bytes: int = 0
    archived: int = 0
    first_archived: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def copy(self, size: int | None) -> int:
        """Count an object, unless it was gone; return how much was moved."""
        if size is None:
            return 0
        with self.lock:
            self.copied += 1
            self.bytes += size
        return size

    def archive(self, key: str) -> None:
        with self.lock:
            self.archived += 1
            self.first_archived = self.first_archived or key

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self.archived:
            return ()
        objects = "object is" if self.archived == 1 else "objects are"
        count, such_as = f"{self.archived:,} {objects}", repr(self.first_archived)
        return (f"{count} archived and could not be copied, such as {such_as}; restore them first",)


@dataclass(frozen=True, slots=True)
class _Work:
    """What every copy of one command needs."""

    sides: Sides
    limits: CopyLimits
    scope: Scope
    tally: _Tally

    def copy_if_changed(self, found: Listed) -> None:
        """Copy an object unless a closer look shows that it is the same."""
        if content_differs(self.sides, found.key):
            self.copy(found)

    def copy(self, found: Listed) -> None:
        self.scope.check()
        try:
            if found.bytes > self.limits.whole_bytes:
                size = copy_in_parts(self.sides, found, self.limits, self.scope)
            else:
                size = copy_whole(self.sides, found)
        except ArchivedError:
            self.tally.archive(found.key)
        else:
            self.scope.meter.moved(self.tally.copy(size))


def copy_objects(
    command: CopyObjects, sides: Sides, scope: Scope, limits: CopyLimits | None = None
) -> Measured:
    """Copy what the target does not have, or has otherwise; safe to be ended and run again."""
    work = _Work(sides, limits or CopyLimits(), scope, _Tally())
    scope.meter.stage("copying", command.expected.copy_bytes if command.expected else 0)
    with Crew(COPIES_AT_ONCE, scope) as crew:
        for pair in pairs(sides, scope):
            changed = pair.source is not None and differs(pair.source, pair.target)
            if pair.source is None or changed is False:
                continue
            job = partial(work.copy if changed else work.copy_if_changed, pair.source)
            if pair.source.bytes > work.limits.whole_bytes:
                # One at a time, on this thread: its parts take several connections.
                job()
            else:
                crew.begin(job)
    done = work.tally
    return Measured(
        bytes=done.bytes, copied=done.copied, data_of=command.now, warnings=done.warnings
    )

"""Counts what would be copied and deleted, before anything is."""

import threading
from dataclasses import dataclass, field
from functools import partial

from envsync.facts.buckets import SHOWN, Changes
from envsync.gateways.buckets.comparing import content_differs, differs, pairs
from envsync.gateways.buckets.crew import Crew
from envsync.gateways.buckets.listing import Listed
from envsync.gateways.buckets.sides import Sides
from envsync.gateways.scope import Scope

LOOKS_AT_ONCE = 10


@dataclass(slots=True)
class _Tally:
    """What has been counted so far, by several threads."""

    source_objects: int = 0
    target_objects: int = 0
    copies: int = 0
    copy_bytes: int = 0
    deletions: int = 0
    first_copies: list[str] = field(default_factory=list)
    first_deletions: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def copy(self, found: Listed) -> None:
        with self.lock:
            self.copies += 1
            self.copy_bytes += found.bytes
            if len(self.first_copies) < SHOWN:
                self.first_copies.append(found.key)

    def delete(self, key: str) -> None:
        self.deletions += 1
        if len(self.first_deletions) < SHOWN:
            self.first_deletions.append(key)


def counted(sides: Sides, scope: Scope) -> Changes:
    """Return what differs between two buckets."""
    scope.meter.stage("comparing the buckets", None)
    tally = _Tally()
    with Crew(LOOKS_AT_ONCE, scope) as crew:
        for pair in pairs(sides, scope):
            tally.source_objects += pair.source is not None
            tally.target_objects += pair.target is not None
            if pair.source is None:
                tally.delete(pair.target.key if pair.target else "")
                continue
            changed = differs(pair.source, pair.target)
            if changed is None:
                crew.begin(partial(_look, sides, pair.source, tally))
            elif changed:
                tally.copy(pair.source)
    return Changes(
        source_objects=tally.source_objects,
        target_objects=tally.target_objects,
        copies=tally.copies,
        copy_bytes=tally.copy_bytes,
        deletions=tally.deletions,
        first_copies=tuple(tally.first_copies),
        first_deletions=tuple(tally.first_deletions),
    )


def _look(sides: Sides, source: Listed, tally: _Tally) -> None:
    if content_differs(sides, source.key):
        tally.copy(source)

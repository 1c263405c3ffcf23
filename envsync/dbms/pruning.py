"""What becomes of the artefacts that lie in a storage, and what removes them. Pure."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from envsync.commands import Command, Location
from envsync.commands.elasticsearch_snapshots import DeleteSnapshot
from envsync.commands.pruning import RemoveArtefact
from envsync.facts.shelf import Lying
from envsync.inventory.model import Database
from envsync.places import SnapshotRepository, Storage
from envsync.plan.retention import Candidate, decide


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to become of one artefact, and why."""

    lying: Lying
    keep: bool
    why: str


def fates(
    database: Database, found: Sequence[Lying], restored: AbstractSet[datetime], now: datetime
) -> tuple[Fate, ...]:
    """Decide on all artefacts of a database, newest first; without a retention all are kept.

    `restored` is of when the artefacts are that pulls have restored whole.
    """
    if database.retention is None:
        return tuple(Fate(lying, keep=True, why="no retention: holds for it") for lying in found)
    newest_first = sorted(found, key=lambda lying: lying.key.stamp, reverse=True)
    decided = decide(
        [_candidate(lying, restored) for lying in newest_first], database.retention, now
    )
    return tuple(
        Fate(lying, decision.keep, decision.why)
        for lying, decision in zip(newest_first, decided, strict=True)
    )


def _candidate(lying: Lying, restored: AbstractSet[datetime]) -> Candidate:
    """Say of an artefact what retention asks; a drill that ended red outweighs a pull."""
    moment = lying.key.stamp.moment
    verified = "verified" if lying.drill == "healthy" else ""
    if moment in restored and lying.drill != "red":
        verified = verified or "restored by a pull"
    return Candidate(moment, lying.trouble, verified, unclear=lying.drill == "unclear")


def storages(database: Database) -> tuple[Storage, ...]:
    """Return where artefacts of a database lie: raw ones, and clean ones where it has any."""
    clean = database.clean_storage
    return (database.storage,) if clean is None else (database.storage, clean)


def removal(database: Database, storage: Storage, lying: Lying) -> Iterator[Command]:
    """Yield what removes an artefact: a cluster does it itself where it is a snapshot."""
    location = Location(storage, lying.key)
    if isinstance(storage, SnapshotRepository):
        yield DeleteSnapshot(storage.cluster or database.server.endpoint, location)
    else:
        yield RemoveArtefact(location, lying.sidecars)

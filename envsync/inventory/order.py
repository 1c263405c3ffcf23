"""What waits for what in a night because the inventory says so: `after`, and groups."""

from collections.abc import Iterator, Mapping, Sequence

from envsync.inventory.identity import address
from envsync.inventory.model import Backup, Database, Sync

Slot = tuple[str, str, str]
"""A step by what it does, in which environment, to which database."""


def push_of(database: Database) -> Slot:
    """Name the push of a database."""
    return ("push", *address(database))


def pull_of(database: Database) -> Slot:
    """Name the pull into a database."""
    return ("pull", *address(database))


def artefact_of(sync: Sync) -> Slot:
    """Name the step that makes what a sync pulls."""
    return ("clean", *address(sync.source)) if sync.is_cleaned else push_of(sync.source)


def order(syncs: Sequence[Sync], backups: Sequence[Backup]) -> Mapping[Slot, frozenset[Slot]]:
    """Return for each step those that come before it, whichever of them there are in a plan."""
    into = {address(sync.target): sync for sync in syncs}
    found: dict[Slot, set[Slot]] = {}
    for sync in syncs:
        for slot, others in _of_sync(sync, into, syncs):
            found.setdefault(slot, set()).update(others)
    for backup in backups:
        home = backup.database.environment.name
        wanted = {(verb, home, key) for key in backup.options.after for verb in ("push", "pull")}
        found.setdefault(push_of(backup.database), set()).update(wanted)
    return {slot: frozenset(others - {slot}) for slot, others in found.items()}


def _of_sync(
    sync: Sync, into: Mapping[tuple[str, str], Sync], syncs: Sequence[Sync]
) -> Iterator[tuple[Slot, set[Slot]]]:
    """Yield what a sync's halves come after: its pull after pulls, its push after their pushes."""
    home = sync.target.environment.name
    named = [into[home, key] for key in sync.options.after if (home, key) in into]
    members = [each for each in syncs if sync.group is not None and is_together(sync, each)]
    pulled = {pull_of(each.target) for each in named if not is_together(sync, each)}
    yield pull_of(sync.target), pulled | {artefact_of(each) for each in members}
    same = [each for each in named if each.source.environment == sync.source.environment]
    yield push_of(sync.source), {push_of(each.source) for each in same}


def is_together(one: Sync, other: Sync) -> bool:
    """Tell whether two syncs are of one group, or the same."""
    if one.group is None:
        return one is other
    return (one.target.environment.name, one.group) == (
        other.target.environment.name,
        other.group,
    )

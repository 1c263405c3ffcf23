"""What waits for what in random inventories: an order, and groups, in which something comes first.

Written from the manual, without a look at the rules that refuse the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import groupby

from hypothesis import strategies as some

from envsync.inventory.model import Backup, Database, Ensure, Options, Sync
from tests.properties.words import KEY, MOSTLY, Draw

Place = tuple[str, str]
Act = tuple[str, str, str]
"""A push or a pull, in which environment, of which key; or the pulls of a group as one."""
_ANYTHING = some.lists(KEY, max_size=2).map(tuple)


@dataclass(frozen=True, slots=True)
class Night:
    """The syncs and backups of an inventory that are not absent."""

    syncs: tuple[Sync, ...]
    backups: tuple[Backup, ...]

    def comes_first(self) -> Iterator[tuple[Act, Act]]:
        """Yield each act with one that comes before it, because of data or because it is told."""
        into = {place(sync.target): sync for sync in self.syncs}
        for sync in self.syncs:
            yield from self._by_data(sync)
            push, pull = ("push", *place(sync.source)), self.pull(sync)
            home = sync.target.environment.name
            for named in (into[home, key] for key in sync.options.after if (home, key) in into):
                yield pull, self.pull(named)
                if named.source.environment == sync.source.environment:
                    yield push, ("push", *place(named.source))
        for backup in self.backups:
            home, own = place(backup.database)
            for key in backup.options.after:
                yield ("push", home, own), ("push", home, key)
                if (home, key) in into:
                    yield ("push", home, own), self.pull(into[home, key])

    def _by_data(self, sync: Sync) -> Iterator[tuple[Act, Act]]:
        """Yield what comes before what because of the data that a sync moves."""
        pull = self.pull(sync)
        if place(sync.source) != place(sync.target):
            yield pull, ("push", *place(sync.source))
        if sync.options.ensure is Ensure.PRESENT:
            yield ("push", *place(sync.target)), pull
        for other in self.syncs:
            if sync.group is not None and self.pull(other) == pull:
                yield pull, ("push", *place(other.source))

    def pull(self, sync: Sync) -> Act:
        """Name a pull, or its group's."""
        home, key = place(sync.target)
        return ("pull", home, key) if sync.group is None else ("group", home, sync.group)

    @property
    def can_begin(self) -> bool:
        """Whether nothing waits for itself."""
        sorter: TopologicalSorter[Act] = TopologicalSorter()
        for act, before in self.comes_first():
            if act != before:
                sorter.add(act, before)
        try:
            sorter.prepare()
        except CycleError:
            return False
        return True


def place(database: Database) -> Place:
    """Name a database by its environment and its key."""
    return database.environment.name, database.key


def in_order(
    draw: Draw, syncs: Sequence[Sync], backups: Sequence[Backup]
) -> tuple[tuple[Sync, ...], tuple[Backup, ...]]:
    """Draw groups and an order for syncs and backups; what is absent may be told anything."""
    grouped = [replace(sync, group=None) for sync in syncs]
    for members in _groups(draw, grouped):
        name = draw(KEY)
        trial = [replace(each, group=name) if each in members else each for each in grouped]
        if _night(trial, backups).can_begin:
            grouped = trial
    return _after(draw, [_loose(draw, sync) for sync in grouped], [*backups])


def _groups(draw: Draw, syncs: list[Sync]) -> Iterator[list[Sync]]:
    """Draw who is promoted together, of those that one machine pulls into one environment."""

    def puller(sync: Sync) -> Place:
        return sync.target.environment.name, sync.target.server.machine

    acting = [sync for sync in syncs if sync.options.ensure is not Ensure.ABSENT]
    homes = set()
    for (home, _), alike in groupby(sorted(acting, key=puller), puller):
        of_one = [*alike]
        if len(of_one) > 1 and home not in homes and draw(MOSTLY):
            homes.add(home)
            size = draw(some.integers(2, len(of_one)))
            yield draw(some.permutations(of_one))[:size]


def _loose(draw: Draw, sync: Sync) -> Sync:
    if sync.options.ensure is not Ensure.ABSENT:
        return sync
    told = replace(sync.options, after=draw(_ANYTHING))
    return replace(sync, options=told, group=draw(some.none() | KEY))


def _after(
    draw: Draw, syncs: list[Sync], backups: list[Backup]
) -> tuple[tuple[Sync, ...], tuple[Backup, ...]]:
    """Draw what comes after what, as long as something comes first."""
    for number, sync in enumerate(syncs):
        for key in _named(draw, sync.target, sync.options, _night(syncs, backups)):
            trial = [*syncs]
            trial[number] = replace(syncs[number], options=_later(syncs[number].options, key))
            if _night(trial, backups).can_begin:
                syncs = trial
    for number, backup in enumerate(backups):
        for key in _named(draw, backup.database, backup.options, _night(syncs, backups)):
            told = [*backups]
            told[number] = replace(backups[number], options=_later(backups[number].options, key))
            if _night(syncs, told).can_begin:
                backups = told
    return tuple(syncs), tuple(backups)


def _named(draw: Draw, own: Database, options: Options, night: Night) -> list[str]:
    """Draw whom a step may come after: other databases of its environment to which something is done."""
    if options.ensure is Ensure.ABSENT:
        return []
    worked_on = [sync.target for sync in night.syncs]
    worked_on += [backup.database for backup in night.backups]
    home = own.environment
    keys = sorted({each.key for each in worked_on if each.environment == home} - {own.key})
    return draw(some.lists(some.sampled_from(keys), max_size=2, unique=True)) if keys else []


def _later(options: Options, key: str) -> Options:
    return replace(options, after=(*options.after, key))


def _night(syncs: Sequence[Sync], backups: Sequence[Backup]) -> Night:
    """Leave out what is absent."""
    return Night(
        tuple(sync for sync in syncs if sync.options.ensure is not Ensure.ABSENT),
        tuple(backup for backup in backups if backup.options.ensure is not Ensure.ABSENT),
    )

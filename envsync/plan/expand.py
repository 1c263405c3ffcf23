"""Expand an inventory into its plan: shared pushes once, each step after what it needs."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from envsync.inventory.model import (
    Backup,
    Bucket,
    BucketSync,
    Database,
    Drill,
    Ensure,
    Inventory,
    Options,
    Sync,
)
from envsync.inventory.order import Slot, order, pull_of, push_of
from envsync.plan.model import Action, Clean, Copy, Plan, Pull, Push, Step, Verify
from envsync.plan.scratch import cleaned, drilled

_Place = tuple[str, str]
_ORDER: dict[type[Action], int] = {Pull: 0, Copy: 0, Push: 1, Clean: 2, Verify: 3}
"""What comes first of what is ready at once and works on one database."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A step that has no number yet; `rank` keeps what belongs to one dataset together."""

    action: Action
    options: Options
    rank: tuple[int, int]
    goal: bool


@dataclass(frozen=True, slots=True)
class _Nodes:
    """All steps, by what they work on."""

    pushes: dict[_Place, _Node]
    cleans: dict[_Place, _Node]
    pulls: dict[_Place, _Node]
    copies: dict[_Place, _Node]
    drills: dict[_Place, _Node]

    def made_for(self, node: _Node) -> _Node | None:
        """Return what makes the artefact that a step restores; none for a database's own past.

        A drill restores what is pushed at night, where anything is.
        """
        match node.action:
            case Pull(sync) if sync.is_cleaned:
                return self.cleans[_place(sync.source)]
            case Pull(sync) if not restores_itself(sync):
                return self.pushes[_place(sync.source)]
            case Clean(sync):
                return self.pushes[_place(sync.source)]
            case Verify(sync):
                push = self.pushes.get(_place(sync.source))
                return push if push and push.options.ensure is Ensure.PRESENT else None
            case _:
                return None

    def at(self, slot: Slot) -> _Node | None:
        """Return the push or cleaning of a database, or the pull into it, where there is one."""
        verb, *place = slot
        found = {"push": self.pushes, "clean": self.cleans, "pull": self.pulls}[verb]
        return found.get((place[0], place[1]))

    def all(self) -> list[_Node]:
        kinds = (self.pushes, self.cleans, self.pulls, self.copies, self.drills)
        return [node for kind in kinds for node in kind.values()]


def expand(inventory: Inventory) -> Plan:
    """Return the plan of everything that is not absent, disabled steps included.

    Pure, and the same for the same inventory. The inventory's rules have excluded loops.
    """
    syncs = [sync for sync in inventory.syncs if sync.options.ensure is not Ensure.ABSENT]
    backups = [backup for backup in inventory.backups if backup.options.ensure is not Ensure.ABSENT]
    copies = [edge for edge in inventory.bucket_syncs if edge.options.ensure is not Ensure.ABSENT]
    ranks = _ranks(inventory)
    nodes = _Nodes(
        pushes=_pushes(syncs, backups, ranks),
        cleans=_cleans(syncs, ranks),
        pulls={_place(sync.target): _pull(sync, ranks) for sync in syncs},
        copies={_place(edge.target): _copy(edge, ranks) for edge in copies},
        drills={
            _place(drill.database): _drill(drill, ranks)
            for drill in inventory.drills
            if drill.options.ensure is not Ensure.ABSENT
        },
    )
    return Plan(tuple(_numbered(nodes, order(syncs, backups))))


def _place(thing: Database | Bucket) -> _Place:
    return thing.environment.name, thing.key


def _ranks(inventory: Inventory) -> dict[_Place, tuple[int, int]]:
    """Rank databases, then buckets, by their dataset's first appearance, then by their own."""
    datasets: dict[str, int] = {}
    ranks: dict[_Place, tuple[int, int]] = {}
    things: tuple[Database | Bucket, ...] = (*inventory.databases, *inventory.buckets)
    for index, thing in enumerate(things):
        dataset = datasets.setdefault(thing.key, index)
        ranks[_place(thing)] = (dataset, index)
    return ranks


def _copy(edge: BucketSync, ranks: dict[_Place, tuple[int, int]]) -> _Node:
    return _Node(Copy(edge), edge.options, ranks[_place(edge.target)], goal=True)


def _pull(sync: Sync, ranks: dict[_Place, tuple[int, int]]) -> _Node:
    return _Node(Pull(sync), sync.options, ranks[_place(sync.target)], goal=True)


def _drill(drill: Drill, ranks: dict[_Place, tuple[int, int]]) -> _Node:
    """Make a drill, which keeps nothing waiting that brings data."""
    dataset, own = ranks[_place(drill.database)]
    return _Node(Verify(drilled(drill)), drill.options, (dataset, len(ranks) + own), goal=True)


def _pushes(
    syncs: list[Sync], backups: list[Backup], ranks: dict[_Place, tuple[int, int]]
) -> dict[_Place, _Node]:
    """Make one push per source, as its backup says; it is present as soon as one use of it is."""
    pushes = {
        _place(backup.database): _Node(
            Push(backup.database), backup.options, ranks[_place(backup.database)], goal=True
        )
        for backup in backups
    }
    for sync in syncs:
        if restores_itself(sync):
            continue
        place = _place(sync.source)
        node = pushes.get(place) or _unasked_push(sync, ranks[place])
        pushes[place] = _used_by(sync, node)
    return pushes


def _cleans(syncs: list[Sync], ranks: dict[_Place, tuple[int, int]]) -> dict[_Place, _Node]:
    """Make one cleaning per source; it is present as soon as one use of it is."""
    cleans: dict[_Place, _Node] = {}
    for sync in syncs:
        if not sync.is_cleaned:
            continue
        place = _place(sync.source)
        node = cleans.get(place) or _clean(sync, ranks[place])
        cleans[place] = _used_by(sync, node)
    return cleans


def _used_by(sync: Sync, node: _Node) -> _Node:
    """Have what a sync needs be present where the sync is."""
    if sync.options.ensure is not Ensure.PRESENT:
        return node
    return replace(node, options=replace(node.options, ensure=Ensure.PRESENT))


def _clean(sync: Sync, rank: tuple[int, int]) -> _Node:
    """Make a cleaning, told what its environment says of steps in general."""
    action = Clean(cleaned(sync))
    options = replace(
        sync.source.unlisted_push,
        title=str(action),
        ensure=Ensure.DISABLED,
        exclude_table_data=sync.options.exclude_table_data,
        exclude_tables=sync.options.exclude_tables,
        own_lists=sync.options.own_lists,
    )
    return _Node(action, options, rank, goal=False)


def _unasked_push(sync: Sync, rank: tuple[int, int]) -> _Node:
    action = Push(sync.source)
    options = replace(sync.source.unlisted_push, title=str(action), ensure=Ensure.DISABLED)
    return _Node(action, options, rank, goal=False)


def restores_itself(sync: Sync) -> bool:
    """Tell whether a sync restores a database from its own backups."""
    return _place(sync.source) == _place(sync.target)


def _needs(node: _Node, nodes: _Nodes) -> Iterator[_Node]:
    """Yield what comes first: what makes the artefact that is restored, and a source's refresh.

    A drill waits for the push of its database, to be one of the newest artefact.
    """
    made = nodes.made_for(node)
    if made is not None:
        yield made
    match node.action:
        case Push(database):
            yield from _refresh(nodes.pulls.get(_place(database)))
        case Copy(edge):
            yield from _refresh(nodes.copies.get(_place(edge.source)))
        case _:
            return


def _refresh(node: _Node | None) -> Iterator[_Node]:
    if node is not None and node.options.ensure is Ensure.PRESENT:
        yield node


def _ordered(
    node: _Node, nodes: _Nodes, ordered: Mapping[Slot, frozenset[Slot]]
) -> Iterator[_Node]:
    """Yield what comes first because the inventory says so."""
    match node.action:
        case Push(database):
            slot = push_of(database)
        case Pull(sync):
            slot = pull_of(sync.target)
        case Clean() | Copy() | Verify():
            return
    for each in ordered.get(slot, ()):
        yield from _refresh(nodes.at(each))


def _numbered(nodes: _Nodes, ordered: Mapping[Slot, frozenset[Slot]]) -> Iterator[Step]:
    """Number the nodes in an order that is always the same: what is ready, by rank."""
    by_id = {id(node): node for node in nodes.all()}
    needs = {
        key: [*_needs(node, nodes), *_ordered(node, nodes, ordered)] for key, node in by_id.items()
    }
    sorter = TopologicalSorter({key: [id(n) for n in needed] for key, needed in needs.items()})
    sorter.prepare()
    numbers: dict[int, int] = {}
    ready: list[tuple[tuple[int, int], int, int]] = []
    while sorter.is_active():
        for key in sorter.get_ready():
            node = by_id[key]
            heapq.heappush(ready, (node.rank, _ORDER[type(node.action)], key))
        *_, key = heapq.heappop(ready)
        sorter.done(key)
        numbers[key] = len(numbers) + 1
        node = by_id[key]
        needed = tuple(sorted({numbers[id(other)] for other in needs[key]}))
        made = nodes.made_for(node)
        restores = None if made is None else numbers[id(made)]
        yield Step(numbers[key], node.action, node.options, needed, node.goal, restores)

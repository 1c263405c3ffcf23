"""Expand an inventory into its plan: shared pushes once, each step after what it needs."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from envsync.inventory.model import Backup, Database, Ensure, Inventory, Options, Sync
from envsync.plan.model import Action, Plan, Pull, Push, Step

_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Node:
    """A step that has no number yet; `rank` keeps what belongs to one dataset together."""

    action: Action
    options: Options
    rank: tuple[int, int]
    goal: bool


def expand(inventory: Inventory) -> Plan:
    """Return the plan of everything that is not absent, disabled steps included.

    Pure, and the same for the same inventory. The inventory's rules have excluded loops.
    """
    syncs = [sync for sync in inventory.syncs if sync.options.ensure is not Ensure.ABSENT]
    backups = [backup for backup in inventory.backups if backup.options.ensure is not Ensure.ABSENT]
    ranks = _ranks(inventory)
    pulls = {_place(sync.target): _pull(sync, ranks) for sync in syncs}
    pushes = _pushes(syncs, backups, ranks)
    return Plan(tuple(_numbered([*pushes.values(), *pulls.values()], pushes, pulls)))


def _place(database: Database) -> _Place:
    return database.environment.name, database.key


def _ranks(inventory: Inventory) -> dict[_Place, tuple[int, int]]:
    """Rank databases by their dataset's first appearance, then by their own."""
    datasets: dict[str, int] = {}
    ranks: dict[_Place, tuple[int, int]] = {}
    for index, database in enumerate(inventory.databases):
        dataset = datasets.setdefault(database.key, index)
        ranks[_place(database)] = (dataset, index)
    return ranks


def _pull(sync: Sync, ranks: dict[_Place, tuple[int, int]]) -> _Node:
    return _Node(Pull(sync), sync.options, ranks[_place(sync.target)], goal=True)


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
        if sync.options.ensure is Ensure.PRESENT:
            node = replace(node, options=replace(node.options, ensure=Ensure.PRESENT))
        pushes[place] = node
    return pushes


def _unasked_push(sync: Sync, rank: tuple[int, int]) -> _Node:
    action = Push(sync.source)
    options = replace(sync.source.unlisted_push, title=str(action), ensure=Ensure.DISABLED)
    return _Node(action, options, rank, goal=False)


def restores_itself(sync: Sync) -> bool:
    """Tell whether a sync restores a database from its own backups."""
    return _place(sync.source) == _place(sync.target)


def _needs(node: _Node, pushes: dict[_Place, _Node], pulls: dict[_Place, _Node]) -> Iterator[_Node]:
    match node.action:
        case Pull(sync) if not restores_itself(sync):
            yield pushes[_place(sync.source)]
        case Push(database):
            pull = pulls.get(_place(database))
            if pull is not None and pull.options.ensure is Ensure.PRESENT:
                yield pull
        case _:
            return


def _numbered(
    nodes: list[_Node], pushes: dict[_Place, _Node], pulls: dict[_Place, _Node]
) -> Iterator[Step]:
    """Number the nodes in an order that is always the same: what is ready, by rank."""
    needs = {id(node): list(_needs(node, pushes, pulls)) for node in nodes}
    by_id = {id(node): node for node in nodes}
    sorter = TopologicalSorter({key: [id(n) for n in needed] for key, needed in needs.items()})
    sorter.prepare()
    numbers: dict[int, int] = {}
    ready: list[tuple[tuple[int, int], bool, int]] = []
    while sorter.is_active():
        for key in sorter.get_ready():
            node = by_id[key]
            heapq.heappush(ready, (node.rank, isinstance(node.action, Push), key))
        *_, key = heapq.heappop(ready)
        sorter.done(key)
        numbers[key] = len(numbers) + 1
        node = by_id[key]
        needed = tuple(sorted(numbers[id(other)] for other in needs[key]))
        yield Step(numbers[key], node.action, node.options, needed, node.goal)

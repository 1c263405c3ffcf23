"""The rules of a night's order: names that are there, groups of more than one, and no circles."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from envsync.inventory.identity import address
from envsync.inventory.link import Linked
from envsync.inventory.model import Backup, Database, Ensure, Sync
from envsync.inventory.order import Slot, artefact_of, order, pull_of, push_of
from envsync.inventory.placed import Placed
from envsync.inventory.problems import Problem, suggestion

Ordered = Placed[Sync] | Placed[Backup]


def broken_by_order(linked: Linked) -> Iterator[Problem]:
    """Yield what is wrong with `after` and `group`."""
    steps: tuple[Ordered, ...] = (*linked.acting_syncs(), *linked.acting_backups())
    named = list(_unknown(steps))
    yield from named
    yield from _groups(list(linked.acting_syncs()))
    if not named:
        yield from _circles(linked)


def _unknown(steps: tuple[Ordered, ...]) -> Iterator[Problem]:
    known = {address(_database(step)) for step in steps}
    for step in steps:
        home, own = address(_database(step))
        others = sorted(key for environment, key in known if environment == home and key != own)
        for key in step.value.options.after:
            if key not in others:
                yield step.place.problem(
                    f"{step.place} comes after {key!r}, of which {home!r} has no other sync or "
                    f"backup; {suggestion(key, others)}",
                    "after",
                )


def _database(step: Ordered) -> Database:
    return step.value.target if isinstance(step.value, Sync) else step.value.database


def _groups(syncs: list[Placed[Sync]]) -> Iterator[Problem]:
    groups: dict[tuple[str, str], list[Placed[Sync]]] = {}
    for sync in syncs:
        if sync.value.group is not None:
            home = sync.value.target.environment.name
            groups.setdefault((home, sync.value.group), []).append(sync)
    for (_, name), members in groups.items():
        first = members[0]
        machines = sorted({each.value.target.server.machine for each in members})
        if len(members) == 1:
            yield first.place.problem(
                f"{first.place} is alone in the group {name!r}; accepted: a group of two syncs or "
                "more of this file",
                "group",
            )
        if len(machines) > 1:
            yield first.place.problem(
                f"the group {name!r} is pulled by {' and '.join(machines)}, and only steps of one "
                "machine can wait for each other; accepted: servers with the same 'machine'",
                "group",
            )


def _circles(linked: Linked) -> Iterator[Problem]:
    """Tell of an order in which nothing can come first, unless the syncs by themselves have it."""
    syncs = [each.value for each in linked.acting_syncs()]
    backups = [each.value for each in linked.acting_backups()]
    own = _own(syncs)
    if _circle(own) is not None:
        return
    together = {
        pull_of(sync.target): ("group", sync.target.environment.name, sync.group)
        for sync in syncs
        if sync.group is not None
    }
    graph: dict[Slot, set[Slot]] = {}
    for edges in (own, order(syncs, backups)):
        for slot, others in edges.items():
            one = together.get(slot, slot)
            before = {together.get(other, other) for other in others} - {one}
            graph.setdefault(one, set()).update(before)
    circle = _circle(graph)
    if circle is not None:
        yield _waits_for_itself(linked, circle)


def _own(syncs: list[Sync]) -> Mapping[Slot, set[Slot]]:
    """Return what comes first without being said: a pull's artefact, and a push's nightly refresh.

    What is pulled by hand alone is waited for by no push, so that it may lead back.
    """
    edges: dict[Slot, set[Slot]] = {}
    for sync in syncs:
        if address(sync.source) == address(sync.target):
            continue
        made = artefact_of(sync)
        edges.setdefault(pull_of(sync.target), set()).add(made)
        if sync.is_cleaned:
            edges.setdefault(made, set()).add(push_of(sync.source))
        if sync.options.ensure is Ensure.PRESENT:
            edges.setdefault(push_of(sync.target), set()).add(pull_of(sync.target))
    return edges


def _circle(graph: Mapping[Slot, set[Slot]]) -> list[Slot] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[Slot] = list(error.args[1])
        return found
    return None


def _waits_for_itself(linked: Linked, circle: list[Slot]) -> Problem:
    """Tell of a circle at the first sync or backup in it that has an order of its own."""
    chain = " before ".join(_said(slot) for slot in circle)
    steps: list[Ordered] = [*linked.acting_syncs(), *linked.acting_backups()]
    ordered = [each for each in steps if _order_key(each)]
    homes = {(environment, key) for _, environment, key in circle}
    inside = [each for each in ordered if homes & _homes(each)] or ordered
    return inside[0].place.problem(
        f"{inside[0].place} makes the night wait for itself: {chain}; accepted: an order in which "
        "something comes first",
        _order_key(inside[0]) or "after",
    )


def _order_key(step: Ordered) -> str | None:
    """Return the key that gives a step an order of its own; None where nothing does."""
    if step.value.options.after:
        return "after"
    return "group" if isinstance(step.value, Sync) and step.value.group is not None else None


def _homes(step: Ordered) -> set[tuple[str, str]]:
    """Return what a circle may call a step: by its database, or by its group."""
    home, key = address(_database(step))
    group = step.value.group if isinstance(step.value, Sync) else None
    return {(home, key), *([] if group is None else [(home, group)])}


def _said(slot: Slot) -> str:
    verb, environment, key = slot
    match verb:
        case "push":
            return f"push {key} from {environment}"
        case "clean":
            return f"clean {key} of {environment}"
        case "pull":
            return f"pull {key} into {environment}"
        case _:
            return f"the group {key!r} of {environment}"

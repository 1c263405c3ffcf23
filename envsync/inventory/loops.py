"""The rule that what is synced every night begins somewhere: edges that lead in a circle."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from envsync.inventory.identity import address
from envsync.inventory.model import BucketSync, Ensure, Sync
from envsync.inventory.placed import Placed
from envsync.inventory.problems import Problem

Edge = TypeVar("Edge", Sync, BucketSync)
_Address = tuple[str, str]


def loops(edges: Iterable[Placed[Edge]]) -> Iterator[Problem]:
    """Tell of each loop once; what is run by hand stops where it is told to."""
    into = {
        address(edge.value.target): edge
        for edge in edges
        if edge.value.options.ensure is Ensure.PRESENT
        and address(edge.value.source) != address(edge.value.target)
    }
    seen: set[_Address] = set()
    for start in into:
        trail = _trail(start, into, seen)
        end = trail[-1]
        if end in trail[:-1]:
            loop = [into[each] for each in trail[trail.index(end) : -1]]
            yield _loop(min(loop, key=lambda edge: edge.place.position), into)
        seen.update(trail)


def _trail(
    start: _Address, into: Mapping[_Address, Placed[Edge]], seen: set[_Address]
) -> list[_Address]:
    """Follow a target upstream to where nothing comes in, or to what was seen before."""
    trail: dict[_Address, None] = {start: None}
    here = start
    while here in into and here not in seen:
        here = address(into[here].value.source)
        if here in trail:
            return [*trail, here]
        trail[here] = None
    return list(trail)


def _loop(first: Placed[Edge], into: Mapping[_Address, Placed[Edge]]) -> Problem:
    chain = [str(first.value.target), str(first.value.source)]
    here = address(first.value.source)
    while here != address(first.value.target):
        chain.append(str(into[here].value.source))
        here = address(into[here].value.source)
    return first.place.problem(
        f"{first.place} is part of a loop, {' from '.join(chain)}; "
        "accepted: syncs that begin where nothing comes in",
        "from",
    )

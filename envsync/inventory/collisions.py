"""The rules about what there may be only one of: names, titles, targets, places of artefacts."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from envsync.inventory.identity import address, at_rest, physical
from envsync.inventory.link import Linked
from envsync.inventory.model import Database
from envsync.inventory.placed import Place
from envsync.inventory.problems import Problem

Same = TypeVar("Same")


def collisions(linked: Linked) -> Iterator[Problem]:
    """Yield a problem for each thing that is there a second time."""
    yield from _environments(linked)
    yield from _titles(linked)
    yield from _targets(linked)
    yield from _artefacts(linked)
    yield from _artefacts_of_pushes(linked)


def _environments(linked: Linked) -> Iterator[Problem]:
    told = [(found.value.name, found.place) for found in linked.environments]
    for name, first, again in _repeated(told):
        yield again.problem(
            f"the environment {name!r} has a file already, {first.document.file}; "
            "accepted: one file for each environment"
        )


def _titles(linked: Linked) -> Iterator[Problem]:
    told = (
        [
            ((step.value.target.environment.name, step.value.options.title), step.place)
            for step in linked.acting_syncs()
        ]
        + [
            ((step.value.database.environment.name, step.value.options.title), step.place)
            for step in linked.acting_backups()
        ]
        + [
            ((drill.value.database.environment.name, drill.value.options.title), drill.place)
            for drill in linked.acting_drills()
        ]
        + [
            ((edge.value.target.environment.name, edge.value.options.title), edge.place)
            for edge in linked.acting_bucket_syncs()
        ]
    )
    in_order = sorted(told, key=lambda item: item[1].position)
    for (_, title), first, again in _repeated([*_unasked_pushes(linked), *in_order]):
        yield again.problem(
            f"{again} has the title {title!r}, as has a step of {first} in {first.position}; "
            "accepted: titles that differ within an environment",
            "title",
        )


def _unasked_pushes(linked: Linked) -> Iterator[tuple[tuple[str, str], Place]]:
    """Yield the titles of pushes that no backup asks for but a sync brings with it."""
    titled = {address(backup.value.database) for backup in linked.acting_backups()}
    for sync in linked.acting_syncs():
        environment, key = source = address(sync.value.source)
        if source not in titled and source != address(sync.value.target):
            titled.add(source)
            yield (environment, f"push {key} from {environment}"), sync.place


def _targets(linked: Linked) -> Iterator[Problem]:
    told = [(physical(sync.value.target), sync) for sync in linked.acting_syncs()]
    by_place = [(where, sync.place) for where, sync in told]
    for (host, port, name), first, again in _repeated(by_place):
        yield again.problem(
            f"{again} goes into {name!r} on {host}:{port}, as does {first} in {first.position}; "
            "accepted: one sync into a database, with hosts by their full names"
        )


def _artefacts(linked: Linked) -> Iterator[Problem]:
    told = [
        ((found.value.environment.name, found.value.path, found.value.name), found.place)
        for found in linked.databases
    ]
    for (_, path, name), first, again in _repeated(told):
        yield again.problem(
            f"{again} has the path {path!r} and the name {name!r}, as has {first} in "
            f"{first.position}; accepted: a path of its own, for their artefacts to differ",
            "path",
        )


def _artefacts_of_pushes(linked: Linked) -> Iterator[Problem]:
    """Two environments may share a storage, but not push to the same keys of it."""
    pushed = _pushed(linked)
    told = [
        (at_rest(found.value), found.place)
        for found in linked.databases
        if address(found.value) in pushed
    ]
    for (storage, *_), first, again in _repeated(told):
        if first.document is not again.document:
            yield again.problem(
                f"{again} is pushed to the same place in {storage} as {first} in "
                f"{first.position}; accepted: a path or a storage of its own",
                "path",
            )


def _pushed(linked: Linked) -> set[tuple[str, str]]:
    backups = {address(backup.value.database) for backup in linked.acting_backups()}
    ends: list[tuple[Database, Database]] = [
        (sync.value.source, sync.value.target) for sync in linked.acting_syncs()
    ]
    return backups | {address(source) for source, target in ends if source != target}


def _repeated(told: Iterable[tuple[Same, Place]]) -> Iterator[tuple[Same, Place, Place]]:
    """Yield what is told again, with the places where it was told first and now."""
    first: dict[Same, Place] = {}
    for same, place in told:
        if same in first:
            yield same, first[same], place
        first.setdefault(same, place)

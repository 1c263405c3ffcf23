"""The rules between files about buckets: whose they are, what may come in and what may go out."""

from collections.abc import Iterator
from itertools import combinations

from envsync.inventory.identity import address, not_apart
from envsync.inventory.link import Linked
from envsync.inventory.loops import loops
from envsync.inventory.model import BucketSync, Ensure
from envsync.inventory.placed import Placed
from envsync.inventory.problems import Problem
from envsync.places import BucketPlace, S3Storage


def broken_by_buckets(linked: Linked) -> Iterator[Problem]:
    """Yield every problem of the buckets and their syncs."""
    yield from _shared(linked)
    yield from _artefacts(linked)
    yield from _names(linked)
    for edge in linked.acting_bucket_syncs():
        yield from _spares_the_protected(edge)
        yield from _says_why_it_is_safe(edge)
        yield from _moves_between_two(edge)
    yield from loops(linked.acting_bucket_syncs())


def _shared(linked: Linked) -> Iterator[Problem]:
    """Have each object belong to one bucket, and so to one environment, and not to its copy."""
    for first, again in combinations(linked.buckets, 2):
        if first.value.place.overlaps(again.value.place):
            yield again.place.problem(
                f"{again.place} is {again.value.place.url}, objects that {first.place} in "
                f"{first.place.position} holds as {first.value.place.url}; accepted: buckets, or "
                "prefixes in one, that share no object",
                "bucket",
            )


def _artefacts(linked: Linked) -> Iterator[Problem]:
    """Keep copies away from dumps: they would be deleted, or read where nothing is sanitised."""
    stored = {
        BucketPlace(found.value.storage).identity: found.value.name
        for found in linked.environments
        if isinstance(found.value.storage, S3Storage)
    }
    for bucket in linked.buckets:
        environment = stored.get(bucket.value.place.identity)
        if environment is not None:
            yield bucket.place.problem(
                f"{bucket.place} is in {bucket.value.place.storage.url}, the storage of "
                f"{environment!r}, where its artefacts lie; accepted: another bucket",
                "bucket",
            )


def _names(linked: Linked) -> Iterator[Problem]:
    databases = {found.value.key: found.place for found in reversed(linked.databases)}
    for bucket in linked.buckets:
        database = databases.get(bucket.value.key)
        if database is not None:
            yield bucket.place.problem(
                f"{bucket.place} has the key of {database} in {database.position}; accepted: a "
                "key that tells the bucket from the database"
            )


def _spares_the_protected(edge: Placed[BucketSync]) -> Iterator[Problem]:
    home = edge.value.target.environment
    if home.protected and edge.value.options.ensure is Ensure.PRESENT:
        yield edge.place.problem(
            f"{edge.place} goes into {home.name!r}, which is protected; "
            "accepted: 'ensure: disabled', to be run by hand",
            "ensure",
        )


def _says_why_it_is_safe(edge: Placed[BucketSync]) -> Iterator[Problem]:
    source, target = edge.value.source.environment, edge.value.target.environment
    if source.protected and source.name != target.name and edge.value.sanitise is None:
        yield edge.place.problem(
            f"{edge.place} takes objects out of {source.name!r}, which is protected, and they are "
            "copied as they are; accepted: 'because: WHY', the reason that they hold nothing that "
            "must be sanitised",
            "from",
        )


def _moves_between_two(edge: Placed[BucketSync]) -> Iterator[Problem]:
    source, target = edge.value.source, edge.value.target
    elsewhere = source.place.identity[0] != target.place.identity[0]
    # Of two entries that hold the same objects, their own lines tell.
    if elsewhere or address(source) == address(target):
        yield edge.place.problem(f"{edge.place} {not_apart(source, target)}", "from")

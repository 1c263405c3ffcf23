"""Redirect syncs by hand: the same edges, with their data taken from another environment."""

from dataclasses import replace
from typing import TypeVar

from envsync.errors import RefusedError
from envsync.inventory.identity import not_apart
from envsync.inventory.model import (
    Bucket,
    BucketSync,
    Coverage,
    Database,
    Ensure,
    Inventory,
    Options,
    Sanitise,
    Sync,
)

Thing = TypeVar("Thing", Database, Bucket)


def redirected(inventory: Inventory, key: str, targets: tuple[str, ...], source: str) -> Inventory:
    """Return the inventory with what is synced into some environments taken from another.

    What is asked for by hand waits for nothing that the night would do before: neither for what
    `after` names nor for what other syncs bring, which may be the very same data.
    Raises RefusedError where that environment has no such database or bucket, or is protected and
    the edge does not say how its data is made safe.
    """
    database = _named(inventory.databases, key, source)
    bucket = _named(inventory.buckets, key, source)
    if database is None and bucket is None:
        kind = _kind(inventory, key)
        raise RefusedError(f"environment {source!r} has no {kind} {key!r} to sync from")
    return replace(
        inventory,
        syncs=tuple(
            _from(database, replace(edge, options=_whenever(edge.options), group=None))
            if _is_meant(edge, key, targets)
            else replace(edge, options=_by_hand(edge.options), group=None)
            for edge in inventory.syncs
        ),
        backups=tuple(
            replace(backup, options=_whenever(backup.options)) for backup in inventory.backups
        ),
        bucket_syncs=tuple(
            _from_bucket(bucket, edge)
            if _is_meant(edge, key, targets)
            else replace(edge, options=_by_hand(edge.options))
            for edge in inventory.bucket_syncs
        ),
    )


def _whenever(options: Options) -> Options:
    """Forget what comes before in a night."""
    return replace(options, after=())


def _by_hand(options: Options) -> Options:
    """Have a step that was not asked for come before nothing."""
    present = options.ensure is Ensure.PRESENT
    return replace(_whenever(options), ensure=Ensure.DISABLED if present else options.ensure)


def _named(things: tuple[Thing, ...], key: str, environment: str) -> Thing | None:
    named = (each for each in things if (each.environment.name, each.key) == (environment, key))
    return next(named, None)


def _kind(inventory: Inventory, key: str) -> str:
    return "bucket" if any(bucket.key == key for bucket in inventory.buckets) else "database"


def _is_meant(edge: Sync | BucketSync, key: str, targets: tuple[str, ...]) -> bool:
    return edge.target.key == key and (not targets or edge.target.environment.name in targets)


def _from(source: Database | None, edge: Sync) -> Sync:
    if source is None:
        return edge
    if source.environment.protected and not _says_how(source, edge):
        raise RefusedError(_unsaid(source, edge))
    where = "target" if _is_itself(source, edge) else edge.sanitise_at
    redirected = replace(edge, source=source, sanitise_at=where)
    if redirected.gate is Coverage.STRICT and redirected.columns is None:
        raise RefusedError(
            f"{source.environment.name} is protected and nobody has decided on the columns of the "
            f"sync of {edge.target}; envsync sanitise.init {edge.target.key} --env "
            f"{source.environment.name} drafts {edge.columns_file}"
        )
    if redirected.is_cleaned and (source.clean_storage is None or source.scratch is None):
        raise RefusedError(
            f"the sync of {edge.target} takes clean artefacts only, and {source.environment.name} "
            "has no clean_storage or no scratch server to make them; sync it from where it does"
        )
    return redirected


def _says_how(source: Database, edge: Sync) -> bool:
    """Tell whether an edge says how this source's data is made safe.

    That its own source's needs nothing does not say so of another's.
    """
    if isinstance(edge.sanitise, Sanitise):
        return True
    own = {edge.source.environment, edge.target.environment}
    return edge.sanitise is not None and source.environment in own


def _unsaid(source: Database, edge: Sync) -> str:
    if edge.sanitise is None:
        return (
            f"{source.environment.name} is protected and the sync of {edge.target} does not say "
            "how its data is sanitised; add sanitise: to the edge in the inventory"
        )
    accepted = "'sanitise: SCRIPT' of that sync"
    return _said_of_another(source, edge, "'sanitise: never'", "data", accepted)


def _said_of_another(
    source: Database | Bucket, edge: Sync | BucketSync, said: str, what: str, accepted: str
) -> str:
    into, own = edge.target.environment.name, f"{edge.source.environment.name}'s {what}"
    return (
        f"{source.environment.name} is protected, and the sync of {edge.target} says {said} of "
        f"{own} alone; accepted: {accepted} in the inventory; "
        f"envsync sync {edge.target.key} --env {into} takes {own}"
    )


def _is_itself(source: Database, edge: Sync) -> bool:
    """Tell whether a database gets back its own backup, which leaves nothing to clean before."""
    return (source.environment, source.key) == (edge.target.environment, edge.target.key)


def _from_bucket(source: Bucket | None, edge: BucketSync) -> BucketSync:
    if source is None:
        return edge
    declared = source.environment == edge.source.environment and edge.sanitise is not None
    if source.environment.protected and not declared:
        raise RefusedError(_unsaid_of_objects(source, edge))
    apart = not_apart(source, edge.target)
    if apart is not None:
        raise RefusedError(f"the sync of {edge.target} from {source.environment.name} {apart}")
    return replace(edge, source=source)


def _unsaid_of_objects(source: Bucket, edge: BucketSync) -> str:
    if edge.sanitise is None:
        return (
            f"{source.environment.name} is protected and the sync of {edge.target} does not say "
            "why its objects need no sanitising; add because: to the edge in the inventory"
        )
    accepted = f"'from: {source.environment.name}' with a because: of its own"
    return _said_of_another(source, edge, "because:", "objects", accepted)

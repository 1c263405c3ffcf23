"""What lies in a storage of one database, and how it is removed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from envsync.artefacts import ArtefactKey, Manifest
from envsync.commands.pruning import RemoveArtefact, RemoveOrphan
from envsync.facts.shelf import Lying, Orphan, Protection, Shelf
from envsync.gateways.manifests import trusted, verifications
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.storage.store import Store, StoredObject
from envsync.places import Storage


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose artefacts are looked for, and where: as their keys and their manifests say."""

    storage: Storage
    path: str
    name: str
    environment: str
    database: str


def shelf(whose: Whose, begun_before: datetime) -> Shelf:
    """See all that lies there of a database.

    What has no manifest counts as an orphan if it was begun, and last written, before a moment: a
    push may be at it otherwise, or somebody who copies artefacts about.
    """
    store = open_store(whose.storage)
    objects = {found.key: found for found in store.keys(f"{whose.path}/")}
    manifests = {key for key in map(ArtefactKey.of_manifest, objects) if key and _is_of(key, whose)}
    drills = _drills(store, whose)
    beside: dict[ArtefactKey, list[str]] = {}
    bare = []
    for key, stored in objects.items():
        artefact, sidecar = _belongs(key)
        if artefact is None or not _is_of(artefact, whose):
            continue
        if artefact not in manifests:
            bare.append((artefact, stored))
        elif sidecar:
            beside.setdefault(artefact, []).append(key)
    return Shelf(
        tuple(
            Lying(
                key,
                objects[str(key)].bytes if str(key) in objects else None,
                _trouble(trusted(store, key), objects.get(str(key)), whose),
                drills.get(key, ""),
                tuple(sorted(beside.get(key, ()))),
            )
            for key in sorted(manifests, key=lambda key: key.stamp, reverse=True)
        ),
        tuple(
            Orphan(found.key, found.bytes)
            for artefact, found in bare
            if artefact.stamp.moment < begun_before
            and (found.written is None or found.written < begun_before)
        ),
    )


def protections(storage: Storage, keys: Iterable[str]) -> Mapping[str, Protection]:
    """See what keeps objects; raises CommandError where that may not be asked."""
    store = open_store(storage)
    return {key: store.protection(key) for key in keys}


def remove(command: RemoveArtefact | RemoveOrphan) -> None:
    """Delete an artefact, its manifest first, or what is left of one."""
    if isinstance(command, RemoveOrphan):
        _remove_orphan(command)
        return
    store = open_store(command.location.storage)
    for key in command.keys:
        store.delete(key)


def _remove_orphan(command: RemoveOrphan) -> None:
    """Delete what has no manifest, unless it has got one meanwhile."""
    store = open_store(command.storage)
    artefact, _ = _belongs(command.key)
    if artefact is None or any(store.keys(artefact.manifest)):
        return
    store.delete(command.key)


def _belongs(key: str) -> tuple[ArtefactKey | None, bool]:
    """Return which artefact an object is of, and whether it lies beside it; not manifests."""
    artefact = ArtefactKey.parse(key)
    if artefact is not None:
        return artefact, False
    drill = ArtefactKey.of_verification(key)
    return (drill[0], True) if drill else (None, False)


def _is_of(key: ArtefactKey, whose: Whose) -> bool:
    return (key.path, key.database) == (whose.path, whose.name)


def _trouble(manifest: Manifest | None, dump: StoredObject | None, whose: Whose) -> str:
    if manifest is None:
        return "its manifest is damaged"
    if (manifest.environment, manifest.database) != (whose.environment, whose.database):
        return f"its manifest says that it is of {manifest.database} ({manifest.environment})"
    if dump is None:
        return "its manifest is whole, and the artefact is not there"
    if dump.bytes != manifest.bytes:
        return f"it has {dump.bytes:,} bytes, and {manifest.bytes:,} in its manifest"
    return ""


def _drills(store: Store, whose: Whose) -> Mapping[ArtefactKey, str]:
    """Return how the newest drill of each artefact ended."""
    found: dict[ArtefactKey, str] = {}
    for key, _, result in verifications(store, whose.path, whose.name):
        how = "unclear" if result is None else "healthy" if result.healthy else "red"
        found.setdefault(key, how)
    return found

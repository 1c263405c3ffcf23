"""Artefacts in a storage, found by their manifests."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest, Stamp, matches
from envsync.errors import CommandError, RefusedError, UnavailableError, UnsoundError
from envsync.gateways.age.keys import verify_readable
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.storage.store import Store
from envsync.questions import PUSH_FIRST, Wanted
from envsync.verification import Verification

MANIFEST_LIMIT = 64 * 2**20
"""No manifest is larger than this, in bytes; whatever is, is not read into memory."""


def listed(store: Store, path: str, name: str) -> list[tuple[ArtefactKey, int]]:
    """Return a database's artefacts that have a manifest, with their sizes, oldest first."""
    prefix = f"{path}/" if path else ""
    objects = {found.key: found.bytes for found in store.keys(prefix)}
    keys = (ArtefactKey.of_manifest(key) for key in objects)
    wanted = [key for key in keys if key and key.path == path and key.database == name]
    return sorted(
        ((key, objects.get(str(key), -1)) for key in wanted), key=lambda found: found[0].stamp
    )


def newest(store: Store, path: str, name: str) -> tuple[int | None, Manifest | None]:
    """Return the size of a database's newest artefact, whatever its manifest says, and that.

    A push must not be kept from replacing an artefact whose manifest cannot be trusted.
    """
    found = listed(store, path, name)
    sizes = [size for _, size in found if size >= 0]
    return (sizes[-1] if sizes else None), (trusted(store, found[-1][0]) if found else None)


def trusted(store: Store, key: ArtefactKey) -> Manifest | None:
    """Return an artefact's manifest; None where it is damaged, or is another's."""
    try:
        return read_manifest(store, key)
    except UnavailableError:
        raise
    except CommandError:
        return None


def manifests(store: Store, path: str, name: str) -> Iterator[tuple[ArtefactKey, Manifest | None]]:
    """Yield a database's artefacts, newest first; with None for a manifest that is damaged."""
    for key, _ in reversed(listed(store, path, name)):
        yield key, trusted(store, key)


def verifications(
    store: Store, path: str, name: str
) -> Iterator[tuple[ArtefactKey, Stamp, Verification | None]]:
    """Yield the restore drills of a database's artefacts with what they showed, newest first.

    With None for a result that is damaged: of such a drill nothing is known but when it was.
    """
    prefix = f"{path}/" if path else ""
    drills = (ArtefactKey.of_verification(found.key) for found in store.keys(prefix))
    wanted = [each for each in drills if each and (each[0].path, each[0].database) == (path, name)]
    for key, drill in sorted(wanted, key=lambda each: each[1], reverse=True):
        yield key, drill, _read_verification(store, key, drill)


def _read_verification(store: Store, key: ArtefactKey, drill: Stamp) -> Verification | None:
    place = key.verification(drill)
    text = store.get(place, MANIFEST_LIMIT).decode(errors="replace")
    try:
        found = Verification.read(text, f"{store.url}/{place}")
    except CommandError:
        return None
    return found if found.at == str(drill) else None


def find(
    store: Store, path: str, name: str, timestamp: str | None, remedy: str = PUSH_FIRST
) -> Manifest:
    """Return the manifest of the newest artefact, or of the one a timestamp means.

    Raises RefusedError where there is none, where more than one is meant, and where it has no room
    where it is read; UnsoundError where the artefact itself is not there or not of the size its
    manifest says.
    """
    there = found = listed(store, path, name)
    if timestamp is not None:
        found = [(key, size) for key, size in there if matches(key.stamp, timestamp)]
    if not found:
        where = f"of {name!r} under {path!r} in {store.url}"
        near = ", ".join(str(key.stamp) for key, _ in reversed(there[-3:]))
        asked = f" with the timestamp {timestamp}; the newest: {near}" if near else f"; {remedy}"
        raise RefusedError(f"there is no artefact {where}{asked}")
    if timestamp is not None and len(found) > 1:
        stamps = ", ".join(str(key.stamp) for key, _ in found)
        raise RefusedError(f"--timestamp {timestamp} means more than one artefact: {stamps}")
    key, size = found[-1]
    manifest = read_manifest(store, key)
    if size != manifest.bytes:
        was = "is not there" if size < 0 else f"has {size:,} bytes, not {manifest.bytes:,}"
        raise UnsoundError(
            f"the artefact {store.url}/{key} {was}, though its manifest is whole; "
            "push the database again, or choose an older artefact with --timestamp",
            str(key),
        )
    store.verify_room(manifest.bytes)
    return manifest


def look_up(wanted: Wanted) -> Manifest | None:
    """Return the manifest of the artefact that is wanted; None until it has been pushed.

    Raises RefusedError where there is none, and where it is known that it could not be read.
    """
    storage = wanted.storage
    if wanted.awaited:
        if storage.age.encrypt_to:
            what = f"what is pushed to {storage.url}"
            verify_readable(storage.age, storage.age.encrypt_to, what)
        return None
    manifest = find(open_store(storage), wanted.path, wanted.name, wanted.timestamp, wanted.remedy)
    if manifest.encrypted_to:
        what = f"the artefact of {wanted.name!r} at {manifest.stamp} in {storage.url}"
        verify_readable(storage.age, manifest.encrypted_to, what)
    return manifest


def read_manifest(store: Store, key: ArtefactKey) -> Manifest:
    """Read an artefact's manifest; raises UnsoundError where it is no manifest, or another's."""
    where = f"{store.url}/{key.manifest}"
    content = store.get(key.manifest, MANIFEST_LIMIT)
    try:
        manifest = Manifest.read(content.decode(), where)
    except UnicodeDecodeError as error:
        raise UnsoundError(
            f"the manifest {where} cannot be trusted: it is not text; push the database again",
            str(key),
        ) from error
    except CommandError as error:
        raise UnsoundError(str(error), str(key)) from error
    if (manifest.stamp, manifest.name, manifest.format) != (
        str(key.stamp),
        key.database,
        key.format,
    ):
        raise UnsoundError(
            f"the manifest {where} is of {manifest.name!r} at {manifest.stamp}; it has been "
            "copied or renamed, push the database again",
            str(key),
        )
    return manifest

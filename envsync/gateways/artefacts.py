"""Artefacts in a storage: found by their manifests, read with their checksum verified."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import BufferedReader, RawIOBase

import zstandard
from typing_extensions import Buffer

from envsync.artefacts import MANIFEST_SUFFIX, ArtefactKey, Manifest, Stamp, matches
from envsync.commands import Location, Measured
from envsync.commands.artefacts import Discard, Publish, RecordVerification, Sweep
from envsync.errors import CommandError, RefusedError, UnavailableError, UnsoundError
from envsync.gateways.age.keys import verify_readable
from envsync.gateways.age.streams import Decrypted, DecryptionError, decrypting
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.storage.store import Store
from envsync.gateways.weighing import weighed
from envsync.questions import PullQuestion
from envsync.verification import Verification

_LOGGER = logging.getLogger(__name__)

BLOCK = 1 << 20
"""Bytes handed on at once: however well they were compressed, memory stays bounded."""
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


def find(store: Store, path: str, name: str, timestamp: str | None) -> Manifest:
    """Return the manifest of the newest artefact, or of the one a timestamp means.

    Raises RefusedError where there is none, where more than one is meant, and where it has no room
    where it is read; UnsoundError where the artefact itself is not there or not of the size its
    manifest says.
    """
    found = listed(store, path, name)
    if timestamp is not None:
        found = [(key, size) for key, size in found if matches(key.stamp, timestamp)]
    if not found:
        raise RefusedError(_nothing(store, path, name, timestamp))
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


def wanted(question: PullQuestion) -> Manifest | None:
    """Return the manifest of the artefact a pull asks for; None while it is awaited.

    Raises RefusedError where there is none, and where it is known that it could not be read.
    """
    storage = question.storage
    if question.awaited:
        if storage.age.encrypt_to:
            what = f"what is pushed to {storage.url}"
            verify_readable(storage.age, storage.age.encrypt_to, what)
        return None
    manifest = find(open_store(storage), question.path, question.name, question.timestamp)
    if manifest.encrypted_to:
        what = f"the artefact of {question.name!r} at {manifest.stamp} in {storage.url}"
        verify_readable(storage.age, manifest.encrypted_to, what)
    return manifest


def _nothing(store: Store, path: str, name: str, timestamp: str | None) -> str:
    where = f"of {name!r} under {path!r} in {store.url}"
    stamps = [str(key.stamp) for key, _ in listed(store, path, name)]
    if timestamp is None or not stamps:
        return f"there is no artefact {where}; push the database first"
    return f"there is no artefact {where} with the timestamp {timestamp}; the newest: " + ", ".join(
        reversed(stamps[-3:])
    )


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


def publish(command: Publish, measured: Measured) -> Measured:
    """Write a manifest completed with what was measured, unless one is already there.

    Raises CommandError where the artefact lies below its floor and nobody lets it.
    """
    complete = command.manifest.model_copy(
        update={
            "bytes": measured.bytes,
            "bytes_uncompressed": measured.bytes_uncompressed,
            "sha256": measured.sha256,
            "rows": dict(measured.rows),
            "outside_snapshot": measured.outside_snapshot,
        }
    )
    complete, warnings = weighed(command.floor, complete)
    store = open_store(command.location.storage)
    store.put(command.location.key.manifest, complete.write().encode())
    return Measured(warnings=warnings)


def record(command: RecordVerification, measured: Measured) -> None:
    """Write how a drill went; what this session has measured belongs to it."""
    found = command.verification
    if measured.rows:
        found = found.model_copy(update={"rows": dict(measured.rows)})
    if measured.seconds:
        found = found.model_copy(update={"seconds": round(measured.seconds, 3)})
    key = command.location.key.verification(command.drill)
    open_store(command.location.storage).put(key, found.write().encode())


def sweep(command: Sweep) -> tuple[str, ...]:
    """Remove what killed pushes left, say so, and return the keys."""
    folder = f"{command.path}/" if command.path else ""
    removed = open_store(command.storage).sweep(folder, command.older_than)
    for key in removed:
        _LOGGER.info("removed a half upload that a killed run had left: %s", key)
    return removed


def discard(command: Discard) -> None:
    """Remove an artefact that never got its manifest, and what was begun of either."""
    store = open_store(command.location.storage)
    key = command.location.key
    for each in (str(key), key.manifest):
        store.clear_up(each)
    present = {found.key for found in store.keys(str(key))}
    if str(key) in present and f"{key}{MANIFEST_SUFFIX}" not in present:
        store.delete(str(key))


@contextmanager
def decompressed(location: Location, scope: Scope) -> Iterator[Iterator[bytes]]:
    """Stream an artefact's content; the checksum is verified as the last block is taken.

    Raises CommandError where the bytes are not those the manifest describes.
    """
    store = open_store(location.storage)
    manifest = read_manifest(store, location.key)
    scope.meter.stage("restoring", manifest.bytes)
    with store.read(str(location.key), scope) as blocks:
        source = _Hashed(blocks, scope)
        with _plain(source, location, scope) as compressed:
            yield _verified(source, compressed, manifest, location)


class _Hashed(RawIOBase):
    """A stream of blocks read as a file, hashed and counted on the way."""

    def __init__(self, blocks: Iterator[bytes], scope: Scope) -> None:
        super().__init__()
        self._blocks = blocks
        self._scope = scope
        self._rest = memoryview(b"")
        self.digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        if not self._rest:
            self._rest = memoryview(self._next())
        wanted = memoryview(buffer)
        taken, self._rest = self._rest[: len(wanted)], self._rest[len(wanted) :]
        wanted[: len(taken)] = taken
        return len(taken)

    def _next(self) -> bytes:
        block = next(self._blocks, b"")
        self.digest.update(block)
        self.size += len(block)
        self._scope.meter.moved(len(block))
        return block


def _plain(source: _Hashed, location: Location, scope: Scope) -> AbstractContextManager[Decrypted]:
    if not location.key.encrypted:
        return nullcontext(Decrypted(BufferedReader(source, BLOCK), lambda: None))
    identity = location.storage.age.decrypt_with
    if identity is None:
        raise RefusedError(
            f"the artefact {location.url} is encrypted; add 'decrypt_with: {{file: PATH}}' to its "
            "storage"
        )
    return decrypting(source, identity, scope)


def _verified(
    source: _Hashed, compressed: Decrypted, manifest: Manifest, location: Location
) -> Iterator[bytes]:
    expander = zstandard.ZstdDecompressor().stream_reader(
        compressed.content, read_size=BLOCK, read_across_frames=True
    )
    size = 0
    try:
        while block := expander.read(BLOCK):
            size += len(block)
            yield block
    except zstandard.ZstdError as error:
        _settle(compressed, location)
        raise CommandError(_altered(location, f"it does not decompress ({error})")) from error
    _settle(compressed, location)
    for what, found, expected in (
        ("compressed bytes", source.size, manifest.bytes),
        ("bytes", size, manifest.bytes_uncompressed),
        ("as its sha256", source.digest.hexdigest(), manifest.sha256),
    ):
        if found != expected:
            raise CommandError(_altered(location, f"it has {found} {what}, not {expected}"))


def _settle(compressed: Decrypted, location: Location) -> None:
    try:
        compressed.settle()
    except DecryptionError as error:
        raise CommandError(_altered(location, f"it does not decrypt ({error})")) from error


def _altered(location: Location, how: str) -> str:
    return (
        f"the artefact {location.url} is not what its manifest describes: {how}; "
        "push the database again, or choose an older artefact with --timestamp"
    )

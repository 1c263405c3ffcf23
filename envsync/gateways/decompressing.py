"""The content of an artefact: fetched, decrypted, decompressed, its checksum verified."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import BufferedReader, RawIOBase

import zstandard
from typing_extensions import Buffer

from envsync.artefacts import Manifest
from envsync.commands import Location
from envsync.errors import CommandError, RefusedError
from envsync.gateways.age.streams import Decrypted, DecryptionError, decrypting
from envsync.gateways.manifests import read_manifest
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store

BLOCK = 1 << 20
"""Bytes handed on at once: however well they were compressed, memory stays bounded."""


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

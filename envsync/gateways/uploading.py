"""A stream on its way into a storage: compressed, encrypted, hashed, in bounded memory."""

import hashlib
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import zstandard

from envsync.gateways.age.streams import Sink, encrypting
from envsync.gateways.scope import Scope
from envsync.gateways.storage.store import Writer

JOB = 2 << 20
"""Bytes each thread compresses at a time: zstd's own choice takes 50 MB more for 1 % in size."""
BLOCK = 1 << 20
"""Bytes worth reading from a dump at once."""
LEVEL = 3
THREADS = 2
"""How artefacts are compressed, with zstd: as fast as the storage takes them, on two cores."""


class Upload:
    """What has gone through to a writer so far: sizes in bytes, and the sha256 of the object."""

    def __init__(self, writer: Writer, scope: Scope, encrypt_to: tuple[str, ...] = ()) -> None:
        self._writer = writer
        self._encrypt_to = encrypt_to
        self._scope = scope
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.bytes_uncompressed = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def compress(self, blocks: Iterable[bytes], level: int = LEVEL, threads: int = THREADS) -> None:
        """Send all blocks on, compressed as one zstd frame that carries a checksum.

        Where there is somebody to encrypt to, what is sent on is encrypted.
        """
        parameters = zstandard.ZstdCompressionParameters.from_level(
            level, threads=threads, write_checksum=True, job_size=JOB
        )
        compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        with self._way() as send:
            for block in blocks:
                self._scope.check()
                self.bytes_uncompressed += len(block)
                self._scope.meter.moved(len(block))
                send(compressor.compress(block))
            send(compressor.flush())

    def _way(self) -> AbstractContextManager[Sink]:
        if self._encrypt_to:
            return encrypting(self._encrypt_to, self._forward, self._scope)
        return nullcontext(self._forward)

    def _forward(self, data: bytes) -> None:
        if data:
            self._digest.update(data)
            self.bytes += len(data)
            self._writer.write(data)

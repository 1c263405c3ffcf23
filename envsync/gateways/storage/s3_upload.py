"""Streams an object into a bucket, in memory that does not grow with it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from envsync.gateways.scope import Scope
from envsync.gateways.storage.buffers import buffer_of
from envsync.gateways.storage.jobs import answer, begin
from envsync.gateways.storage.limits import Limits
from envsync.gateways.storage.s3_assembly import Assembly
from envsync.gateways.storage.s3_bucket import Bucket


class S3Writer:
    """Gathers bytes into parts of one size; the last one may be smaller, or empty."""

    def __init__(self, assembly: Assembly, part_bytes: int, scope: Scope) -> None:
        self._assembly = assembly
        self._part_bytes = part_bytes
        self._scope = scope
        self._part = buffer_of(part_bytes)
        self._sent = False

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._scope.check()
            room = self._part_bytes - self._part.tell()
            self._part.write(rest[:room])
            rest = rest[room:]
            if self._part.tell() == self._part_bytes:
                self._send()

    def finish(self) -> None:
        """Make the object appear."""
        self._scope.check()
        if self._part.tell() or not self._sent:
            self._send()
        self._assembly.finish()

    def _send(self) -> None:
        self._part.truncate()
        self._assembly.add(self._part.getvalue())
        self._part = buffer_of(self._part_bytes)
        self._sent = True


@contextmanager
def uploading(
    bucket: Bucket, key: str, part_bytes: int, limits: Limits, scope: Scope
) -> Iterator[S3Writer]:
    """Yield a writer whose object appears at the end of the block, unless the block fails."""
    answer(begin(partial(bucket.refuse_existing, key)), scope)
    assembly = Assembly(bucket, key, part_bytes, limits, scope)
    with ExitStack() as undoing:
        undoing.callback(assembly.abandon)
        writer = S3Writer(assembly, part_bytes, scope)
        yield writer
        writer.finish()
        undoing.pop_all()

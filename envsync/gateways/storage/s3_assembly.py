"""One object of any size out of parts: the first go straight in, later ones by way of segments."""

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from envsync.errors import CommandError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.jobs import Window, answer, begin
from envsync.gateways.storage.limits import Limits, Span, spans
from envsync.gateways.storage.s3_bucket import Bucket
from envsync.gateways.storage.s3_multipart import Multipart
from envsync.gateways.storage.s3_segments import segment_key

LOG = logging.getLogger(__name__)
PATIENCE_SECONDS = 60
PATIENCE_CANCELLED_SECONDS = 1.5


@dataclass(slots=True)
class _Piece:
    """A multipart upload and how much it has been given."""

    upload: Multipart
    parts: int = 0
    bytes: int = 0


class Assembly:
    """Puts parts together in the order in which they are added.

    Once the object has its direct parts, what follows is uploaded as segments, which the server
    copies into the object while the next one is on its way.
    """

    def __init__(
        self, bucket: Bucket, key: str, part_bytes: int, limits: Limits, scope: Scope
    ) -> None:
        self._bucket = bucket
        self._limits = limits
        self._scope = scope
        self._uploads: Window[None] = Window(limits.uploads_at_once(part_bytes), scope)
        self._copies: Window[None] = Window(1, scope)
        self._segments: list[_Piece] = []
        self._copied = 0
        self._head = self._begun(key)

    def add(self, body: bytes) -> None:
        """Begin to upload the next part; blocks while enough of them are on their way."""
        piece = self._open_piece()
        if self._uploads.full:
            self._uploads.next()
        self._uploads.begin(partial(piece.upload.upload, piece.upload.reserve(), body))
        piece.parts += 1
        piece.bytes += len(body)

    def finish(self) -> None:
        """Make the object appear, all of its parts being there."""
        if self._segments:
            self._adopt(self._segments[-1])
        self._uploads.drain()
        self._copies.drain()
        self._complete(self._head)

    def abandon(self) -> None:
        """Remove everything; goes on behind the caller's back if the server keeps it waiting."""
        cancelled = self._scope.cancelled
        try:
            begin(self._remove).result(
                PATIENCE_CANCELLED_SECONDS if cancelled else PATIENCE_SECONDS
            )
        except TimeoutError:
            LOG.warning("%s does not answer: unfinished uploads may be left", self._bucket.url(""))
        except CommandError as error:
            LOG.warning("%s; what is left of it is swept later", error)

    def _begun(self, key: str) -> _Piece:
        return _Piece(answer(begin(partial(Multipart, self._bucket, key)), self._scope))

    def _open_piece(self) -> _Piece:
        if self._head.parts < self._limits.direct_parts:
            return self._head
        if not self._segments:
            return self._begin_segment()
        if self._segments[-1].parts == self._limits.segment_parts:
            self._adopt(self._segments[-1])
            return self._begin_segment()
        return self._segments[-1]

    def _begin_segment(self) -> _Piece:
        head = self._head.upload
        number = len(self._segments) + 1
        self._segments.append(self._begun(segment_key(head.key, head.id, number)))
        return self._segments[-1]

    def _adopt(self, segment: _Piece) -> None:
        """Have a whole segment copied to the end of the object, in the background."""
        self._uploads.drain()
        self._complete(segment)
        ranges = list(spans(segment.bytes, self._limits.copy_bytes))
        self._copied += len(ranges)
        if self._copied > self._limits.copied_parts:
            raise CommandError(
                f"cannot write {self._bucket.url(self._head.upload.key)}: it is larger than "
                "an object can be; leave out the rows of a table with exclude_table_data"
            )
        numbered = [(self._head.upload.reserve(), span) for span in ranges]
        if self._copies.full:
            self._copies.next()
        self._copies.begin(partial(self._copy, segment.upload.key, numbered))

    def _copy(self, source: str, numbered: list[tuple[int, Span]]) -> None:
        window: Window[None] = Window(self._limits.copies_at_once, self._scope)
        for number, span in numbered:
            if window.full:
                window.next()
            window.begin(partial(self._head.upload.copy, number, source, span))
        window.drain()
        self._bucket.delete(source)

    def _complete(self, piece: _Piece) -> None:
        self._uploads.begin(piece.upload.complete)
        self._uploads.drain()

    def _remove(self) -> None:
        self._uploads.settle(PATIENCE_SECONDS)
        self._copies.settle(PATIENCE_SECONDS)
        with ExitStack() as removals:
            for piece in (self._head, *self._segments):
                removals.callback(piece.upload.abort)

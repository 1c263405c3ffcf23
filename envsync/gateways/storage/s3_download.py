"""Streams an object out of a bucket: by ranges, in order, each taken up again where it broke."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http import HTTPStatus
from io import BytesIO
from threading import Event
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from tenacity.nap import sleep_using_event

from envsync.errors import CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.buffers import buffer_of
from envsync.gateways.storage.jobs import answer, begin, in_order
from envsync.gateways.storage.limits import Limits, Span, spans
from envsync.gateways.storage.s3_bucket import Bucket, Found, is_whole
from envsync.gateways.storage.s3_errors import sentence, status

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

ATTEMPTS = 6
CHUNK = 1 << 18
_CHANGED = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)


class _DroppedError(UnavailableError):
    """A connection ended before all the bytes of a range had come."""


class Download:
    """Fetches ranges of one object, as long as it stays the object that was found."""

    def __init__(self, bucket: Bucket, key: str, found: Found) -> None:
        self._bucket = bucket
        self._key = key
        self._found = found
        self._where = bucket.url(key)
        self._closed = Event()

    def close(self) -> None:
        """Have the fetches that nobody waits for any more end soon."""
        self._closed.set()

    def fetch(self, span: Span, buffer: BytesIO) -> bytes:
        """Return a range; what came before a connection dropped is not asked for again."""
        for attempt in Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception_type(_DroppedError),
            sleep=sleep_using_event(self._closed),
            reraise=True,
        ):
            with attempt:
                self._resume(buffer, span)
        return buffer.getvalue()

    def _resume(self, buffer: BytesIO, span: Span) -> None:
        found = self._ask(span.after(buffer.tell()))
        try:
            with closing(found["Body"]) as body:
                while chunk := body.read(CHUNK):
                    self._raise_if_closed()
                    buffer.write(chunk)
        except (HTTPClientError, IncompleteReadError) as error:
            raise _DroppedError(f"cannot read {self._where}: {sentence(error)}") from error

    def _ask(self, span: Span) -> "GetObjectOutputTypeDef":
        self._raise_if_closed()
        with self._bucket.reading(f"read {self._where}"):
            try:
                found = self._bucket.client.get_object(
                    Bucket=self._bucket.name,
                    Key=self._key,
                    Range=str(span),
                    IfMatch=self._found.etag,
                )
            except ClientError as error:
                if status(error) in _CHANGED:
                    raise self._changed() from error
                raise
        self._verify_same(found, span)
        return found

    def _verify_same(self, found: "GetObjectOutputTypeDef", span: Span) -> None:
        if not is_whole(found):
            found["Body"].close()
            raise _DroppedError(f"cannot read {self._where}: the connection was closed too early")
        # Not every server knows If-Match, or gives ETags that tell objects apart.
        announced = f"bytes {span.first}-{span.last}/{self._found.bytes}"
        if (found.get("ContentRange"), found["ETag"], found["LastModified"]) != (
            announced,
            self._found.etag,
            self._found.modified,
        ):
            found["Body"].close()
            raise self._changed()

    def _changed(self) -> CommandError:
        return CommandError(
            f"cannot read {self._where}: it is no longer the object of {self._found.bytes} bytes "
            "that was there at first; start again"
        )

    def _raise_if_closed(self) -> None:
        if self._closed.is_set():
            raise InterruptedStepError(f"nobody reads {self._where} any more")


@contextmanager
def downloading(
    bucket: Bucket, key: str, limits: Limits, scope: Scope
) -> Iterator[Iterator[bytes]]:
    """Yield an object's bytes in order, some ranges of it being fetched ahead."""
    found = answer(begin(partial(_announced, bucket, key)), scope)
    download = Download(bucket, key, found)
    # The buffers come from the thread that reads: memory that the others freed would stay theirs.
    fetches = (
        partial(download.fetch, span, buffer_of(span.bytes))
        for span in spans(found.bytes, limits.read_bytes)
    )
    try:
        yield in_order(fetches, limits.reads_at_once, scope)
    finally:
        download.close()


def _announced(bucket: Bucket, key: str) -> Found:
    with bucket.reading(f"read {bucket.url(key)}"):
        found = bucket.find(key)
    if found is None:
        raise CommandError(f"cannot read {bucket.url(key)}: there is no such object or bucket")
    return found

"""Copies one object from bucket to bucket, on the server, whole or not at all."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from envsync.errors import CommandError
from envsync.gateways.buckets.listing import Listed
from envsync.gateways.buckets.sides import COPYING, Sides, code, doing
from envsync.gateways.scope import Scope
from envsync.gateways.storage.jobs import in_order
from envsync.gateways.storage.limits import Span, spans
from envsync.gateways.storage.s3_errors import status
from envsync.gateways.storage.store import MIB

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, HeadObjectOutputTypeDef

TRIES = 3
"""How often an object is looked at anew that changes while it is copied."""
_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
)
_MOST_PARTS = 10_000
_ARCHIVED = ("InvalidObjectState", "ObjectNotInActiveTierError")


@dataclass(frozen=True, slots=True)
class CopyLimits:
    """What S3 copies at once, in bytes, and how the rest is cut up."""

    whole_bytes: int = 5 * 1024 * MIB
    part_bytes: int = 512 * MIB
    parts_at_once: int = 4


class ArchivedError(Exception):
    """The object lies in an archive, from which nothing can be copied before it is restored."""


def copy_whole(sides: Sides, found: Listed) -> int | None:
    """Copy an object with all that belongs to it; return its size, None if it is gone meanwhile.

    Raises ArchivedError for one in an archive.
    """
    return _persisting(sides, found, partial(_copy_whole, sides))


def copy_in_parts(sides: Sides, found: Listed, limits: CopyLimits, scope: Scope) -> int | None:
    """Copy an object that is too large to be copied at once, as `copy_whole` does."""
    return _persisting(sides, found, partial(_copy_in_parts, sides, limits, scope))


def _persisting(sides: Sides, found: Listed, copy: Callable[[Listed], None]) -> int | None:
    """Look again where an object was written to since it was listed."""
    source = sides.source
    with doing(f"copy {source.url(found.key)} to {sides.target.place.url}", COPYING):
        for _ in range(TRIES):
            try:
                copy(found)
            except ClientError as error:
                if code(error) in _ARCHIVED:
                    raise ArchivedError(f"{source.url(found.key)} is archived") from error
                if not _is_about_the_source(error):
                    raise
                again = source.bucket.find(source.key(found.key))
                if again is None:
                    return None
                found = Listed(found.key, again.bytes, again.etag, again.modified)
            else:
                return found.bytes
    raise CommandError(
        f"cannot copy {source.url(found.key)}: it was written to {TRIES} times while it was "
        "copied; run this again when that is over"
    )


def _is_about_the_source(error: ClientError) -> bool:
    """Tell whether the source is not the one that was listed, or is not there any more."""
    gone = status(error) == HTTPStatus.NOT_FOUND and code(error) in ("NoSuchKey", "404")
    return gone or status(error) == HTTPStatus.PRECONDITION_FAILED


def _copy_whole(sides: Sides, found: Listed) -> None:
    target = sides.target
    target.bucket.client.copy_object(
        Bucket=target.bucket.name,
        Key=target.key(found.key),
        **_from(sides, found),
        **target.bucket.protection(),
    )


def _from(sides: Sides, found: Listed) -> dict[str, Any]:
    source = sides.source
    return {
        "CopySource": {"Bucket": source.bucket.name, "Key": source.key(found.key)},
        "CopySourceIfMatch": found.etag,
    }


def _copy_in_parts(sides: Sides, limits: CopyLimits, scope: Scope, found: Listed) -> None:
    """Copy range by range; headers, metadata and tags are not copied along then, but set anew."""
    source, target = sides.source, sides.target
    head = source.bucket.client.head_object(
        Bucket=source.bucket.name, Key=source.key(found.key), IfMatch=found.etag
    )
    place: dict[str, Any] = {"Bucket": target.bucket.name, "Key": target.key(found.key)}
    upload = target.bucket.client.create_multipart_upload(
        **place, **_described(sides, found, head), **target.bucket.protection()
    )["UploadId"]
    with ExitStack() as undo:
        undo.callback(_abort, sides, place, upload)
        size = max(limits.part_bytes, -(-found.bytes // _MOST_PARTS))
        jobs = (
            partial(_copy_part, sides, found, {**place, "UploadId": upload}, number, span)
            for number, span in enumerate(spans(found.bytes, size), start=1)
        )
        parts = list(in_order(jobs, limits.parts_at_once, scope))
        scope.check()
        target.bucket.client.complete_multipart_upload(
            **place, UploadId=upload, MultipartUpload={"Parts": parts}
        )
        undo.pop_all()


def _copy_part(
    sides: Sides, found: Listed, upload: dict[str, Any], number: int, span: Span
) -> "CompletedPartTypeDef":
    answer = sides.target.bucket.client.upload_part_copy(
        **upload, PartNumber=number, CopySourceRange=str(span), **_from(sides, found)
    )["CopyPartResult"]
    if "ETag" not in answer:
        raise CommandError(
            f"cannot copy {sides.source.url(found.key)}: the server does not know UploadPartCopy, "
            "which an object of this size needs; use one that does"
        )
    return {"PartNumber": number, "ETag": answer["ETag"]}


def _described(sides: Sides, found: Listed, head: "HeadObjectOutputTypeDef") -> dict[str, Any]:
    described = {name: value for name, value in head.items() if name in _HEADERS}
    if head.get("TagCount"):
        tags = sides.source.bucket.client.get_object_tagging(
            Bucket=sides.source.bucket.name, Key=sides.source.key(found.key)
        ).get("TagSet", ())
        described["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
    return described


def _abort(sides: Sides, place: dict[str, Any], upload: str) -> None:
    client = sides.target.bucket.client
    with suppress(client.exceptions.NoSuchUpload):
        client.abort_multipart_upload(**place, UploadId=upload)

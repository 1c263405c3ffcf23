"""Finds and removes what killed runs left in a bucket: unfinished uploads, and segments."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from envsync.artefacts import ArtefactKey
from envsync.gateways.storage.s3_bucket import Bucket
from envsync.gateways.storage.s3_segments import fingerprint, segment

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import MultipartUploadTypeDef

PROBE = ".envsync-probe-"
"""How the last part of a key begins under which nothing is ever written."""


def swept(bucket: Bucket, prefix: str, before: datetime) -> Iterator[str]:
    """Remove what was begun before a moment, yielding the keys; other tools' uploads are left.

    A segment stays as long as the upload it belongs to, however long ago it was written. Probes
    go whatever their age: they have done their work, and whoever made one bears its removal.
    """
    uploads = [upload for upload in _uploads(bucket, prefix) if _is_ours(upload["Key"])]
    for upload in uploads:
        if upload["Initiated"] < before or _is_probe(upload["Key"]):
            _abort(bucket, upload)
            yield upload["Key"]
    alive = {fingerprint(upload["UploadId"]) for upload in uploads if upload["Initiated"] >= before}
    for found in bucket.objects(prefix):
        piece = segment(found["Key"])
        if piece and found["LastModified"] < before and piece.upload not in alive:
            bucket.delete(found["Key"])
            yield found["Key"]


def clear_up(bucket: Bucket, key: str) -> None:
    """Remove the uploads of one object, and the segments that were to go into it."""
    for upload in _uploads(bucket, key):
        if _whole(upload["Key"]) == key:
            _abort(bucket, upload)
    for found in bucket.objects(key):
        if found["Key"] != key and _whole(found["Key"]) == key:
            bucket.delete(found["Key"])


def _uploads(bucket: Bucket, prefix: str) -> Iterator["MultipartUploadTypeDef"]:
    pages = bucket.client.get_paginator("list_multipart_uploads")
    # Some servers say so of a bucket that never had an upload.
    none = bucket.client.exceptions.NoSuchUpload
    with bucket.writing(f"list the uploads under {bucket.url(prefix)}"), suppress(none):
        for page in pages.paginate(Bucket=bucket.name, Prefix=prefix):
            yield from page.get("Uploads", ())


def _whole(key: str) -> str:
    """Return the key of what an upload, or a segment, is a piece of."""
    piece = segment(key)
    return piece.key if piece else key


def _is_ours(key: str) -> bool:
    return ArtefactKey.parse(_whole(key)) is not None or _is_probe(key)


def _is_probe(key: str) -> bool:
    return key.rpartition("/")[2].startswith(PROBE)


def _abort(bucket: Bucket, upload: "MultipartUploadTypeDef") -> None:
    gone = bucket.client.exceptions.NoSuchUpload
    with bucket.writing(f"abort the upload of {bucket.url(upload['Key'])}"), suppress(gone):
        bucket.client.abort_multipart_upload(
            Bucket=bucket.name, Key=upload["Key"], UploadId=upload["UploadId"]
        )

"""The objects of a bucket in the order of their keys, a page ahead of whoever reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from envsync.errors import CommandError
from envsync.gateways.buckets.sides import READING, Side, doing
from envsync.gateways.scope import Scope
from envsync.gateways.storage.jobs import answer, begin

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing tells of it; `key` is what follows the prefix."""

    key: str
    bytes: int
    etag: str
    modified: datetime


def listed(side: Side, scope: Scope) -> Iterator[Listed]:
    """Yield the objects below a prefix in the order of their keys, in the memory of two pages.

    Raises CommandError where the server lists them in another order: what is missing could not
    be told then. An object that is the prefix itself, made by consoles for folders, is no object.
    """
    before = ""
    for page in _pages(side, scope):
        for found in page.get("Contents", ()):
            key = found["Key"].removeprefix(side.place.prefix)
            if not key:
                continue
            if key <= before:
                raise CommandError(
                    f"cannot compare {side.place.url}: its server lists {key!r} after {before!r}, "
                    "which is not the order of their UTF-8 bytes; use a bucket that keeps to it"
                )
            before = key
            yield Listed(key, found["Size"], found.get("ETag", ""), found["LastModified"])


def _pages(side: Side, scope: Scope) -> Iterator["ListObjectsV2OutputTypeDef"]:
    coming = begin(partial(_page, side, None))
    while True:
        page = answer(coming, scope)
        token = page.get("NextContinuationToken")
        if page.get("IsTruncated") and token:
            coming = begin(partial(_page, side, token))
        yield page
        if not (page.get("IsTruncated") and token):
            return


def _page(side: Side, token: str | None) -> "ListObjectsV2OutputTypeDef":
    with doing(f"list {side.place.url}", READING):
        name, prefix = side.bucket.name, side.place.prefix
        if token is None:
            return side.bucket.client.list_objects_v2(Bucket=name, Prefix=prefix)
        return side.bucket.client.list_objects_v2(
            Bucket=name, Prefix=prefix, ContinuationToken=token
        )

"""The objects of a bucket in the order of their keys, a page ahead of whoever reads them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from envsync.errors import CommandError
from envsync.gateways.buckets.sides import READING, Side, doing
from envsync.gateways.scope import Scope
from envsync.gateways.storage.jobs import answer, begin
from envsync.places import BucketPlace

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

PAGE_KEYS = 1000
"""As many as a server tells at once."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing tells of it; `key` is what follows the prefix."""

    key: str
    bytes: int
    etag: str
    modified: datetime


def listed(side: Side, scope: Scope, page_keys: int = PAGE_KEYS) -> Iterator[Listed]:
    """Yield the objects below a prefix in the order of their keys, in the memory of two pages."""
    return in_order(side.place, _pages(side, scope, page_keys))


def in_order(place: BucketPlace, pages: Iterable["ListObjectsV2OutputTypeDef"]) -> Iterator[Listed]:
    """Yield the objects of pages; raises CommandError where their keys are not in order.

    What one bucket has and another has not could not be told then. An object whose key is the
    prefix itself, which consoles make for a folder, is left out.
    """
    before = ""
    for found in chain.from_iterable(page.get("Contents", ()) for page in pages):
        key = found["Key"].removeprefix(place.prefix)
        if not key:
            continue
        if key <= before:
            raise CommandError(
                f"cannot compare {place.url}: its server lists {key!r} after {before!r}, which is "
                "not the order of their UTF-8 bytes; use a bucket that keeps to it"
            )
        before = key
        yield Listed(key, found["Size"], found.get("ETag", ""), found["LastModified"])


def _pages(side: Side, scope: Scope, keys: int) -> Iterator["ListObjectsV2OutputTypeDef"]:
    """Yield pages, the next being on its way while one is read."""
    coming = begin(partial(_page, side, keys))
    while True:
        page = answer(coming, scope)
        token = page.get("NextContinuationToken")
        if token is None:
            yield page
            return
        coming = begin(partial(_page, side, keys, ContinuationToken=token))
        yield page


def _page(side: Side, keys: int, **token: Any) -> "ListObjectsV2OutputTypeDef":
    with doing(f"list {side.place.url}", READING):
        return side.bucket.client.list_objects_v2(
            Bucket=side.bucket.name, Prefix=side.place.prefix, MaxKeys=keys, **token
        )

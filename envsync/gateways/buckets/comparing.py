"""Which objects differ: two listings walked in lockstep, whatever their length."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from envsync.gateways.buckets.listing import Listed, listed
from envsync.gateways.buckets.sides import COPYING, Side, Sides, doing
from envsync.gateways.scope import Scope
from envsync.gateways.storage.s3_errors import status

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

# That of an object uploaded in parts has a dash and their number behind it.
_MD5 = re.compile(r'"?[0-9a-f]{32}"?')


@dataclass(frozen=True, slots=True)
class Pair:
    """One key in both buckets; None where a bucket does not have it."""

    source: Listed | None
    target: Listed | None


def pairs(sides: Sides, scope: Scope) -> Iterator[Pair]:
    """Yield every key of either bucket, in order."""
    sources, targets = listed(sides.source, scope), listed(sides.target, scope)
    source, target = next(sources, None), next(targets, None)
    while source or target:
        scope.check()
        if source and (target is None or source.key < target.key):
            yield Pair(source, None)
            source = next(sources, None)
        elif target and (source is None or target.key < source.key):
            yield Pair(None, target)
            target = next(targets, None)
        else:
            yield Pair(source, target)
            source, target = next(sources, None), next(targets, None)


def differs(source: Listed, target: Listed | None) -> bool | None:
    """Tell whether an object has to be copied; None where the listings cannot tell.

    Another size, or a source written after the target was, is a change. So is another ETag where
    both are MD5 sums of the content; that they are is not known of objects encrypted with KMS.
    Where they are not, a target as old as its source to the second may be its forerunner.
    """
    if target is None or source.bytes != target.bytes or source.modified > target.modified:
        return True
    if source.etag == target.etag:
        return False
    if _MD5.fullmatch(source.etag) and _MD5.fullmatch(target.etag):
        return None
    return source.modified == target.modified


def content_differs(sides: Sides, key: str) -> bool:
    """Tell whether two objects of one size whose ETags differ do so by their content.

    That takes a look at their headers, unless the inventory says that one side is encrypted with
    KMS: then ETags mean nothing, and the listing's times have said that nothing changed.
    """
    if _is_kms(sides.source) or _is_kms(sides.target):
        return False
    target = _head(sides.target, key)
    source = _head(sides.source, key)
    if source is None:
        return False
    return target is None or (_has_md5(source) and _has_md5(target))


def _is_kms(side: Side) -> bool:
    encryption = side.place.storage.encryption
    return encryption is not None and encryption.algorithm != "AES256"


def _has_md5(head: "HeadObjectOutputTypeDef") -> bool:
    """Tell whether an ETag is the MD5 sum of the content: of plain and of AES256 objects it is."""
    own_key = "SSECustomerAlgorithm" in head
    return not own_key and not head.get("ServerSideEncryption", "").startswith("aws:kms")


def _head(side: Side, key: str) -> "HeadObjectOutputTypeDef | None":
    with doing(f"look at {side.url(key)}", COPYING):
        try:
            return side.bucket.client.head_object(Bucket=side.bucket.name, Key=side.key(key))
        except ClientError as error:
            if status(error) == HTTPStatus.NOT_FOUND:
                return None
            raise

"""An object is copied where it is missing or different, and only there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from envsync.errors import CommandError
from envsync.facts.buckets import Changes
from envsync.gateways.buckets.comparing import content_differs, differs, pairs
from envsync.gateways.buckets.counting import counted
from envsync.gateways.buckets.listing import Listed, in_order, listed
from envsync.gateways.scope import Scope
from envsync.places import BucketPlace, Encryption, S3Storage
from tests.gateways.buckets.conftest import Two

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

MD5, OTHER_MD5 = f'"{"0" * 32}"', f'"{"f" * 32}"'
IN_PARTS = f'"{"0" * 32}-2"'
WRITTEN = datetime(2026, 11, 20, tzinfo=UTC)
LATER = WRITTEN + timedelta(seconds=1)
SOURCE = Listed("key", 3, MD5, WRITTEN)
COPY = replace(SOURCE, modified=LATER)


@pytest.mark.parametrize(
    ("source", "target", "copied"),
    [
        (SOURCE, None, True),
        (SOURCE, COPY, False),
        (SOURCE, replace(COPY, bytes=4), True),
        (replace(SOURCE, modified=LATER), replace(COPY, modified=WRITTEN), True),
        (SOURCE, replace(COPY, modified=WRITTEN), False),
        (SOURCE, replace(COPY, etag=OTHER_MD5), None),
        (replace(SOURCE, etag=IN_PARTS), COPY, False),
        (SOURCE, replace(COPY, etag=IN_PARTS), False),
        (replace(SOURCE, etag=IN_PARTS), replace(COPY, modified=WRITTEN), True),
        (replace(SOURCE, etag=""), COPY, False),
    ],
    ids=[
        "missing",
        "the same",
        "of another size",
        "written again at the source",
        "the same, copied within the second it was written in",
        "of another content, or encrypted with KMS",
        "copied whole from parts, later",
        "copied in parts, later",
        "copied within the second it was written in, from parts",
        "without an ETag",
    ],
)
def test_listings_tell_whether_an_object_is_copied(
    source: Listed,
    target: Listed | None,
    copied: bool | None,  # noqa: FBT001
) -> None:
    assert differs(source, target) is copied


@pytest.mark.parametrize(
    ("protection", "different"),
    [
        ({}, True),
        ({"ServerSideEncryption": "AES256"}, True),
        ({"ServerSideEncryption": "aws:kms"}, False),
    ],
    ids=["plain", "AES256", "KMS"],
)
@pytest.mark.parametrize("encrypted", ["source", "target"])
def test_etags_are_the_content_s_unless_either_object_is_encrypted_with_kms(
    two: Two,
    protection: dict[str, Any],
    different: bool,  # noqa: FBT001
    encrypted: str,
) -> None:
    for name, bucket in (("source", two.source), ("target", two.target)):
        more = protection if name == encrypted else {}
        two.client.put_object(Bucket=bucket, Key="k", Body=name.encode(), **more)
    assert content_differs(two.sides, "k") is different


def test_with_kms_in_the_inventory_nothing_is_looked_at(two: Two) -> None:
    target = replace(
        two.sides.target,
        place=BucketPlace(S3Storage("nowhere", encryption=Encryption("aws:kms", "key"))),
    )
    assert not content_differs(replace(two.sides, target=target), "k")


def test_an_object_that_is_gone_from_the_source_meanwhile_is_not_copied(two: Two) -> None:
    two.put(two.target, {"k": "1"})
    assert not content_differs(two.sides, "k")


def test_listings_are_walked_in_lockstep_across_pages(two: Two) -> None:
    two.put(two.source, dict.fromkeys("abdfgh", "1"))
    two.put(two.target, dict.fromkeys("bcdehi", "1"))
    sources = [found.key for found in listed(two.sides.source, Scope(), page_keys=2)]
    assert sources == list("abdfgh")
    walked = [
        (pair.source and pair.source.key, pair.target and pair.target.key)
        for pair in pairs(two.sides, Scope())
    ]
    assert walked == [
        ("a", None),
        ("b", "b"),
        (None, "c"),
        ("d", "d"),
        (None, "e"),
        ("f", None),
        ("g", None),
        ("h", "h"),
        (None, "i"),
    ]


def test_a_listing_out_of_order_is_refused_for_what_is_missing_could_not_be_told() -> None:
    def page(*keys: str) -> "ListObjectsV2OutputTypeDef":
        found = [{"Key": key, "Size": 1, "ETag": MD5, "LastModified": WRITTEN} for key in keys]
        answer: Any = {"Contents": found}
        return answer  # type: ignore[no-any-return]

    objects = in_order(BucketPlace(S3Storage("b"), "p/"), [page("p/a", "p/c"), page("p/b")])
    with pytest.raises(CommandError, match="lists 'b' after 'c', which is not the order of their"):
        list(objects)


def test_everything_is_counted_before_anything_is_done(two: Two) -> None:
    two.put(two.source, {"same": "1", "new": "22", "other": "3"})
    two.put(two.target, {"same": "1", "other": "4", "old": "5"})
    assert counted(two.sides, Scope()) == Changes(
        source_objects=3,
        target_objects=3,
        copies=2,
        copy_bytes=3,
        deletions=1,
        first_copies=("new", "other"),
        first_deletions=("old",),
    )

"""Objects are copied whole or not at all, with what belongs to them, whatever happens meanwhile."""

import os
from dataclasses import replace

import pytest

from envsync.commands.buckets import CopyObjects, DeleteObjects
from envsync.errors import CommandError
from envsync.gateways.buckets.copying import copy_objects
from envsync.gateways.buckets.deleting import delete_objects
from envsync.gateways.buckets.listing import Listed, listed
from envsync.gateways.buckets.one_object import CopyLimits, copy_in_parts, copy_whole
from envsync.gateways.scope import Scope
from envsync.gateways.storage.store import MIB
from tests.fleet import NOW
from tests.gateways.buckets.conftest import Two
from tests.gateways.storage.places import leftovers
from tests.servers.conditional import with_copy_conditions

SMALL = CopyLimits(whole_bytes=6 * MIB, part_bytes=6 * MIB, parts_at_once=2)
"""Limits that an object of a test can exceed; S3 takes no parts of less than 5 MiB."""


def copying(two: Two) -> CopyObjects:
    return CopyObjects(two.sides.source.place, two.sides.target.place, NOW, None)


def found(two: Two, key: str) -> Listed:
    return next(each for each in listed(two.sides.source, Scope()) if each.key == key)


def test_a_large_object_is_copied_in_parts_with_all_that_belongs_to_it(two: Two) -> None:
    body = os.urandom(17 * MIB)
    two.client.put_object(
        Bucket=two.source,
        Key="large",
        Body=body,
        ContentType="video/mp4",
        CacheControl="max-age=60",
        ContentDisposition="attachment",
        Metadata={"uploader": "whitehall"},
        Tagging="kind=a%20b&of=c%2Bd",
    )
    measured = copy_objects(copying(two), two.sides, Scope(), SMALL)
    copied = two.client.get_object(Bucket=two.target, Key="large")
    tags = two.client.get_object_tagging(Bucket=two.target, Key="large")["TagSet"]
    assert (measured.copied, measured.bytes) == (1, len(body))
    assert copied["ETag"].endswith('-3"')
    assert copied["Body"].read() == body
    assert (copied["ContentType"], copied["CacheControl"], copied["ContentDisposition"]) == (
        "video/mp4",
        "max-age=60",
        "attachment",
    )
    assert copied["Metadata"] == {"uploader": "whitehall"}
    assert tags == [{"Key": "kind", "Value": "a b"}, {"Key": "of", "Value": "c+d"}]


def test_a_copy_in_parts_that_fails_leaves_nothing(two: Two) -> None:
    two.client.put_object(Bucket=two.source, Key="large", Body=os.urandom(7 * MIB))
    tiny = replace(SMALL, part_bytes=MIB)  # S3 refuses such parts when the object is completed
    with pytest.raises(CommandError, match=r"cannot copy s3://.*/large to s3://"):
        copy_in_parts(two.sides, found(two, "large"), tiny, Scope())
    assert (two.keys(two.target), leftovers(two.server, two.target)) == ([], [])


@pytest.mark.parametrize("limits", [None, SMALL], ids=["whole", "in parts"])
def test_an_object_that_is_written_to_meanwhile_is_copied_as_it_is_now(
    two: Two, limits: CopyLimits | None
) -> None:
    two.put(two.source, {"k": "before"})
    stale = found(two, "k")
    body = "now" if limits is None else "n" * (11 * MIB)
    two.put(two.source, {"k": body})
    with with_copy_conditions(two.server.port) as port:
        sides = two.at(port)
        size = copy_in_parts(sides, stale, limits, Scope()) if limits else copy_whole(sides, stale)
    copied = two.client.get_object(Bucket=two.target, Key="k")["Body"].read().decode()
    assert (size, copied == body) == (len(body), True)


def test_an_object_that_is_always_written_to_is_told_of(two: Two) -> None:
    two.put(two.source, {"k": "1"})
    stale = found(two, "k")
    with (
        with_copy_conditions(two.server.port, always_changed=True) as port,
        pytest.raises(CommandError, match="it was written to 3 times while it was copied"),
    ):
        copy_whole(two.at(port), stale)


def test_an_object_that_is_gone_meanwhile_is_left_out(two: Two) -> None:
    two.put(two.source, {"k": "1"})
    gone = found(two, "k")
    two.client.delete_object(Bucket=two.source, Key="k")
    assert copy_whole(two.sides, gone) is None
    assert copy_in_parts(two.sides, gone, SMALL, Scope()) is None


def test_what_is_archived_is_left_out_with_a_warning(two: Two) -> None:
    two.put(two.source, {"a": "1"})
    two.client.put_object(Bucket=two.source, Key="b", Body=b"2", StorageClass="GLACIER")
    measured = copy_objects(copying(two), two.sides, Scope())
    assert (measured.copied, two.keys(two.target)) == (1, ["a"])
    assert measured.warnings == (
        "1 object is archived and could not be copied, such as 'b'; restore them first",
    )


def deleting(two: Two, at_most: int | None) -> DeleteObjects:
    return DeleteObjects(two.sides.source.place, two.sides.target.place, at_most, None)


def test_all_that_the_source_does_not_have_is_deleted_batch_by_batch(two: Two) -> None:
    two.put(two.source, {"c": "1"})
    two.put(two.target, dict.fromkeys("abcdef", "1"))
    measured = delete_objects(deleting(two, None), two.sides, Scope(), batch_keys=2)
    assert (measured.deleted, two.keys(two.target)) == (5, ["c"])


def test_never_more_is_deleted_than_was_agreed_whatever_is_gone_since(two: Two) -> None:
    two.put(two.target, dict.fromkeys("abcdef", "1"))
    with pytest.raises(CommandError, match="more than 3 would be deleted; look at both buckets"):
        delete_objects(deleting(two, 3), two.sides, Scope(), batch_keys=2)
    assert len(two.keys(two.target)) >= 3


def test_a_key_that_xml_cannot_hold_is_deleted_by_itself(two: Two) -> None:
    two.put(two.target, {"a": "1", "\x01b": "1"})
    assert delete_objects(deleting(two, None), two.sides, Scope()).deleted == 2
    assert two.keys(two.target) == []

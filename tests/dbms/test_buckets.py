"""A copy is counted, refused where it would delete too much, and then told object by object."""

from dataclasses import replace
from decimal import Decimal

import pytest

from envsync.commands.buckets import CopyObjects, DeleteObjects
from envsync.dbms import buckets
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.buckets import Changes, CopyFacts
from envsync.inventory.model import BucketSync
from envsync.places import S3Storage
from envsync.plan.model import Copy, Step
from envsync.questions.buckets import ObserveCopy
from tests.fleet import ASSETS, NOW, bucket_sync

SYNC = bucket_sync(ASSETS["production"], ASSETS["staging"])
SOURCE, TARGET = SYNC.source.place, SYNC.target.place
REQUEST = Request(NOW)
CHANGES = Changes(
    source_objects=1200,
    target_objects=1000,
    copies=7,
    copy_bytes=1234567,
    deletions=2,
    first_copies=("a", "line\nbreak", "c", "d", "e"),
    first_deletions=("x", "y"),
)


def step(sync: BucketSync = SYNC) -> Step:
    return Step(1, Copy(sync), sync.options)


def lines(sync: BucketSync, changes: Changes | None, request: Request = REQUEST) -> list[str]:
    told = buckets.commands(step(sync), request, CopyFacts(changes))
    return [line for command in told for line in command.lines()]


def refusal(changes: Changes, sync: BucketSync = SYNC, request: Request = REQUEST) -> str:
    with pytest.raises(RefusedError) as refused:
        buckets.refuse(step(sync), request, CopyFacts(changes))
    return str(refused.value)


def test_what_changed_is_copied_before_what_is_left_over_is_deleted() -> None:
    assert lines(SYNC, CHANGES) == [
        (
            "copy what changed, s3://assets-production -> s3://assets-staging: 7 of 1,200 objects, "
            "1,234,567 bytes"
        ),
        "  copy 'a'",
        "  copy 'line\\nbreak'",
        "  copy 'c'",
        "  copy 'd'",
        "  copy 'e'",
        "  and 2 more",
        (
            "delete what s3://assets-production does not have, at most 100, in "
            "s3://assets-staging: 2 of 1,000 objects"
        ),
        "  delete 'x'",
        "  delete 'y'",
    ]


def test_nothing_is_deleted_where_the_edge_does_not_say_so_or_nothing_is_left_over() -> None:
    kept = buckets.commands(step(replace(SYNC, delete=False)), REQUEST, CopyFacts(CHANGES))
    clean = buckets.commands(step(), REQUEST, CopyFacts(replace(CHANGES, deletions=0)))
    assert [[type(command) for command in told] for told in (kept, clean)] == [[CopyObjects]] * 2


def test_what_was_allowed_to_be_deleted_has_no_bound() -> None:
    allowed = replace(REQUEST, allow_mass_delete=True)
    *_, delete = buckets.commands(step(), allowed, CopyFacts(CHANGES))
    assert delete == DeleteObjects(SOURCE, TARGET, None, CHANGES)


def test_what_cannot_be_seen_from_here_is_shown_without_counts() -> None:
    assert lines(SYNC, None) == [
        "copy what changed, s3://assets-production -> s3://assets-staging",
        "delete what s3://assets-production does not have, however many, in s3://assets-staging",
    ]


@pytest.mark.parametrize(
    ("share", "deletions", "refused"),
    [("10", 100, False), ("10", 101, True), ("0", 0, False), ("0", 1, True), ("100", 1000, False)],
)
def test_a_share_of_the_target_may_be_deleted_and_not_one_object_more(
    share: str,
    deletions: int,
    refused: bool,  # noqa: FBT001
) -> None:
    sync = replace(SYNC, max_delete=Decimal(share))
    changes = replace(CHANGES, deletions=deletions)
    if refused:
        assert f"more than 'max_delete: {share}%' allows" in refusal(changes, sync)
    else:
        buckets.refuse(step(sync), REQUEST, CopyFacts(changes))


def test_a_mass_delete_is_told_with_its_counts() -> None:
    assert refusal(replace(CHANGES, deletions=999)) == (
        "999 of the 1,000 objects of s3://assets-staging are not in s3://assets-production and "
        "would be deleted, more than 'max_delete: 10%' allows; look at both buckets, and if that "
        "is right, add --allow-mass-delete"
    )


def test_an_empty_source_is_refused_though_nothing_would_be_deleted() -> None:
    keeping = replace(SYNC, delete=False)
    assert refusal(Changes(), keeping) == (
        "s3://assets-production holds no objects; correct 'buckets.assets' of production, or if "
        "it is rightly empty, add --allow-mass-delete"
    )


@pytest.mark.parametrize(
    ("request_", "facts"),
    [
        (replace(REQUEST, allow_mass_delete=True), CopyFacts(Changes())),
        (REQUEST, CopyFacts(Changes(), awaited=True)),
        (REQUEST, CopyFacts(None)),
    ],
    ids=["allowed", "while another copy is awaited", "where nothing can be seen"],
)
def test_nothing_is_refused(request_: Request, facts: CopyFacts) -> None:
    buckets.refuse(step(), request_, facts)


def test_both_buckets_are_reached_as_whoever_writes_the_target() -> None:
    writer = S3Storage("assets-staging", "eu-west-2", None, profile="writer", role_arn="r")
    reader = S3Storage("assets-production", "eu-west-1", profile="reader", external_id="x")
    sync = replace(
        SYNC,
        source=replace(SYNC.source, place=replace(SOURCE, storage=reader)),
        target=replace(SYNC.target, place=replace(TARGET, storage=writer)),
    )
    expected = S3Storage("assets-production", "eu-west-1", profile="writer", role_arn="r")
    assert buckets.question(step(sync), replace(REQUEST, awaited=True)) == ObserveCopy(
        replace(SOURCE, storage=expected), replace(TARGET, storage=writer), awaited=True
    )


def test_a_copy_that_failed_has_nothing_to_clear_up() -> None:
    assert list(buckets.abandon(step(), REQUEST)) == []

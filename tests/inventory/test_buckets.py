"""Buckets and their syncs: what loads, and each mistake told in a sentence at its line."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from envsync.inventory.model import NeverSanitise
from envsync.places import BucketPlace, Encryption, S3Storage
from tests.inventory.folders import PRODUCTION, STAGING, folder, integration

SOURCE = PRODUCTION + "buckets:\n  assets: {bucket: live, region: eu-west-1}\n"
EDGE = "from: production, machine: admin, because: it is public"
BY_HAND = "accepted: 'ensure: disabled', to be run by hand"


def staging(edge: str = EDGE, bucket: str = "bucket: copy") -> str:
    """Return the staging file with a bucket at line 12 and a sync into it at line 14."""
    return f"{STAGING}buckets:\n  assets: {{{bucket}}}\nbucket_syncs:\n  assets: {{{edge}}}\n"


def edge_without(key: str) -> str:
    return ", ".join(part for part in EDGE.split(", ") if not part.startswith(key))


SHAPE = {
    "an unknown key of a bucket": (
        staging(bucket="bucket: copy, prefx: a/"),
        "12: unknown key 'prefx' in 'buckets.assets'; did you mean 'prefix'?",
    ),
    "a bucket without a name": (
        staging(bucket="region: eu-west-1"),
        "12: the key 'bucket' is missing in 'buckets.assets'; accepted: the name of the bucket",
    ),
    "a prefix that other keys begin with as well": (
        staging(bucket="bucket: copy, prefix: uploads"),
        (
            "12: 'buckets.assets.prefix' is 'uploads'; accepted: what keys begin with, such as "
            '"uploads/", up to a "/"'
        ),
    ),
    "an encryption that is none": (
        staging(bucket="bucket: copy, encryption: rot13"),
        "12: 'buckets.assets.encryption' is 'rot13'; accepted: 'AES256' or {kms: KEY-ID}",
    ),
    "an unknown key of an encryption": (
        staging(bucket="bucket: copy, encryption: {kms: key, kmss: key}"),
        "12: unknown key 'kmss' in 'buckets.assets.encryption'; did you mean 'kms'?",
    ),
    "an unknown key of a sync": (
        staging(f"{EDGE}, dleete: true"),
        "14: unknown key 'dleete' in 'bucket_syncs.assets'; did you mean 'delete'?",
    ),
    "what only databases have": (
        staging(f"{EDGE}, sanitise: clean.sql"),
        (
            "14: unknown key 'sanitise' in 'bucket_syncs.assets'; accepted: 'ensure', 'at', "
            "'cron', 'deadline', 'from', 'bucket', 'machine', 'because', 'delete', 'max_delete' "
            "or 'title'"
        ),
    ),
    "no machine": (
        staging(edge_without("machine")),
        (
            "14: the key 'machine' is missing in 'bucket_syncs.assets'; accepted: the machine "
            "that may read the one bucket and write the other"
        ),
    ),
    "a share without a unit": (
        staging(f"{EDGE}, delete: true, max_delete: 10"),
        (
            "14: 'bucket_syncs.assets.max_delete' is 10; accepted: text, in quotes where it looks "
            "like a number, true or false"
        ),
    ),
    "a share of more than all": (
        staging(f"{EDGE}, delete: true, max_delete: 101%"),
        (
            "14: 'bucket_syncs.assets.max_delete' is '101%'; accepted: a share such as \"10%\", "
            'from "0%" to "100%"'
        ),
    ),
    "a bound for nothing": (
        staging(f"{EDGE}, max_delete: 5%"),
        (
            "14: 'max_delete' has nothing to bound in 'bucket_syncs.assets'; accepted: it beside "
            "'delete: true' only"
        ),
    ),
    "two ways to start": (
        staging(f'{EDGE}, at: "03:00", cron: "0 3 * * *"'),
        "14: 'at' and 'cron' are both given in 'bucket_syncs.assets'; accepted: one of them",
    ),
}
RULES: dict[str, tuple[dict[str, str], str]] = {
    "an unknown source": (
        {"staging": staging(EDGE.replace("production", "prodction"))},
        (
            "staging.yaml:14: 'bucket_syncs.assets' is from 'prodction', which is not an "
            "environment; did you mean 'production'?"
        ),
    ),
    "an unknown bucket of the source": (
        {"staging": staging(f"{EDGE}, bucket: asets")},
        (
            "staging.yaml:14: 'bucket_syncs.assets' is from 'asets' of 'production', which has no "
            "such bucket; did you mean 'assets'?"
        ),
    ),
    "an unknown target": (
        {"staging": staging().replace("buckets:\n  assets", "buckets:\n  aset")},
        (
            "staging.yaml:14: 'bucket_syncs.assets' is about 'assets', which is not one of "
            "'buckets'; did you mean 'aset'?"
        ),
    ),
    "a protected target": (
        {
            "production": f"{SOURCE}bucket_syncs:\n  assets: {{from: staging, machine: admin}}\n",
            "staging": STAGING + "buckets:\n  assets: {bucket: copy}\n",
        },
        (
            "production.yaml:14: 'bucket_syncs.assets' goes into 'production', which is "
            f"protected; {BY_HAND}"
        ),
    ),
    "nothing said of sanitising": (
        {"staging": staging(edge_without("because"))},
        (
            "staging.yaml:14: 'bucket_syncs.assets' takes objects out of 'production', which is "
            "protected, and they are copied as they are; accepted: 'because: WHY', the reason "
            "that they hold nothing that must be sanitised"
        ),
    ),
    "nothing said of sanitising by hand": (
        {"staging": staging(f"{edge_without('because')}, ensure: disabled")},
        (
            "staging.yaml:14: 'bucket_syncs.assets' takes objects out of 'production', which is "
            "protected, and they are copied as they are; accepted: 'because: WHY', the reason "
            "that they hold nothing that must be sanitised"
        ),
    ),
    "a bucket that two environments have": (
        {"staging": staging(bucket="bucket: live, profile: other")},
        (
            "staging.yaml:12: 'buckets.assets' is s3://live, objects that 'buckets.assets' in "
            "production.yaml:12 holds as s3://live; accepted: buckets, or prefixes in one, that "
            "share no object"
        ),
    ),
    "a prefix in a bucket that another environment has": (
        {"staging": staging(bucket="bucket: live, prefix: a/b/")},
        (
            "staging.yaml:12: 'buckets.assets' is s3://live/a/b/, objects that 'buckets.assets' in "
            "production.yaml:12 holds as s3://live; accepted: buckets, or prefixes in one, that "
            "share no object"
        ),
    ),
    "a bucket copied into itself": (
        {"staging": staging(EDGE.replace("production", "staging"))},
        (
            "staging.yaml:14: 'bucket_syncs.assets' has s3://copy at one end and s3://copy at the "
            "other, which are or hold the same objects; accepted: two buckets, or prefixes of "
            "which none begins with the other"
        ),
    ),
    "buckets on two servers": (
        {"staging": staging(bucket='bucket: copy, endpoint_url: "https://ceph"')},
        (
            "staging.yaml:14: 'bucket_syncs.assets' has its ends on two servers, and it is the "
            "server that copies; accepted: the same 'endpoint_url' at both, or none for AWS"
        ),
    ),
    "a bucket of artefacts": (
        {
            "staging": staging().replace(
                "backend: file, directory: /backups/staging", "backend: s3, bucket: copy"
            )
        },
        (
            "staging.yaml:12: 'buckets.assets' is in s3://copy, the storage of 'staging', where "
            "its artefacts lie; accepted: another bucket"
        ),
    ),
    "the key of a database": (
        {"staging": STAGING + "buckets:\n  other: {bucket: copy}\n"},
        (
            "staging.yaml:12: 'buckets.other' has the key of 'databases.other' in "
            "production.yaml:8; accepted: a key that tells the bucket from the database"
        ),
    ),
    "the title of another step": (
        {"staging": staging(f"{EDGE}, title: pull app into staging")},
        (
            "staging.yaml:14: 'bucket_syncs.assets' has the title 'pull app into staging', as has "
            "a step of 'syncs.app' in staging.yaml:10; "
            "accepted: titles that differ within an environment"
        ),
    ),
    "a loop": (
        {
            "staging": staging("from: integration, machine: admin"),
            "integration": integration(
                "  app: {from: staging}\n"
                "buckets:\n  assets: {bucket: third}\n"
                "bucket_syncs:\n  assets: {from: staging, machine: admin}"
            ),
        },
        (
            "integration.yaml:14: 'bucket_syncs.assets' is part of a loop, assets (integration) "
            "from assets (staging) from assets (integration); accepted: syncs that begin where "
            "nothing comes in"
        ),
    ),
}


@pytest.mark.parametrize(("content", "problem"), SHAPE.values(), ids=SHAPE.keys())
def test_a_mistake_in_a_file_is_told_at_its_line(
    tmp_path: Path, content: str, problem: str
) -> None:
    made = folder(tmp_path, production=SOURCE, staging=content)
    assert made.problems() == [f"staging.yaml:{problem}"]


@pytest.mark.parametrize(("files", "problem"), RULES.values(), ids=RULES.keys())
def test_a_broken_rule_is_told_at_its_line(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    assert folder(tmp_path, **{"production": SOURCE, **files}).problems() == [problem]


def test_a_bucket_sync_is_loaded_with_its_ends_and_bounds(tmp_path: Path) -> None:
    bucket = (
        "bucket: copy, prefix: from/live/, region: eu-west-2, encryption: {kms: key}, "
        "profile: me, role_arn: 'arn:aws:iam::1:role/r', external_id: x"
    )
    edge = f'{EDGE}, at: "03:00", delete: true, max_delete: 2.5%, deadline: 2h'
    loaded = folder(tmp_path, production=SOURCE, staging=staging(edge, bucket)).load()
    (sync,) = loaded.bucket_syncs
    assert sync.source.place == BucketPlace(S3Storage("live", "eu-west-1"))
    assert sync.target.place == BucketPlace(
        S3Storage(
            "copy",
            "eu-west-2",
            encryption=Encryption("aws:kms", "key"),
            profile="me",
            role_arn="arn:aws:iam::1:role/r",
            external_id="x",
        ),
        "from/live/",
    )
    assert (sync.machine, sync.delete, sync.max_delete) == ("admin", True, Decimal("2.5"))
    assert sync.sanitise == NeverSanitise("it is public")
    assert sync.options.title == "copy assets into staging"


def test_nothing_is_deleted_and_no_more_than_a_tenth_unless_said(tmp_path: Path) -> None:
    (sync,) = folder(tmp_path, production=SOURCE, staging=staging()).load().bucket_syncs
    assert (sync.delete, sync.max_delete) == (False, Decimal(10))


@pytest.mark.parametrize(
    "files",
    [
        {"staging": staging(f"{edge_without('because')}, ensure: absent")},
        {"staging": staging(bucket="bucket: live, prefix: copy/")}
        | {"production": SOURCE.replace("bucket: live", "bucket: live, prefix: live/")},
        {
            "production": f"{SOURCE}bucket_syncs:\n"
            "  assets: {from: staging, machine: admin, ensure: disabled}\n",
            "staging": STAGING + "buckets:\n  assets: {bucket: copy}\n",
        },
    ],
    ids=["an absent sync that would break rules", "prefixes apart", "a protected target by hand"],
)
def test_what_breaks_no_rule_is_loaded(tmp_path: Path, files: dict[str, str]) -> None:
    assert folder(tmp_path, **{"production": SOURCE, **files}).load().buckets


def test_places_overlap_where_an_object_can_be_in_both() -> None:
    place = BucketPlace(S3Storage("b", endpoint_url="https://S3.example/"), "a/")
    assert place.overlaps(replace(place, storage=S3Storage("b", endpoint_url="https://s3.example")))
    assert place.overlaps(replace(place, prefix="a/b/"))
    assert not place.overlaps(replace(place, prefix="b/"))
    assert not place.overlaps(replace(place, storage=S3Storage("b")))

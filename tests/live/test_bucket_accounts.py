"""Bucket syncs across accounts, on a server whose policies really refuse and that takes any key."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.live.bucket_site import BucketSite
from tests.live.test_bucket_syncs import HOSTILE
from tests.servers.radosgw import Accounts
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

ANY_KEY = (*HOSTILE, "line\nbreak", "\x01control", "\uffee", "\U00010400")
"""With keys that moto does not take, and two that UTF-8 and UTF-16 put in another order."""


@pytest.fixture
def site(tmp_path: Path, accounts: Accounts) -> BucketSite:
    """Production's bucket belongs to one account, all others and the program to the other."""
    ours = accounts.gateway.client("integration")
    buckets = {name: f"copy-{uuid4().hex}" for name in ("staging", "integration")}
    for name in buckets.values():
        ours.create_bucket(Bucket=name)
    made = BucketSite(
        tmp_path,
        S3Server(accounts.gateway.port),
        {"production": accounts.make_bucket(), **buckets},
        ours,
        {
            **accounts.environment("integration"),
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "ENVSYNC_INVENTORY": str(tmp_path / "inventories"),
            "ENVSYNC_STATE": str(tmp_path / "state"),
        },
    )
    made.write(integration={"from": "production", "delete": True, "max_delete": "100%"})
    return made


def test_what_is_not_allowed_is_told_and_what_is_copies_any_key(
    site: BucketSite, accounts: Accounts
) -> None:
    source = site.buckets["production"]
    owner = accounts.gateway.client("production")
    for key in ANY_KEY:
        owner.put_object(Bucket=source, Key=key, Body=key.encode(), ContentType="text/x-key")
    site.put_keys("integration", {f"{key}~": "old" for key in ANY_KEY})
    blind = site.run("sync", "assets")
    assert (blind.code, f"cannot list s3://{source}" in blind.err) == (2, True), blind.err
    assert "needs s3:ListBucket" in blind.err
    accounts.allow(source, "s3:ListBucket")
    mute = site.run("sync", "assets")
    assert (mute.code, f"cannot copy s3://{source}/" in mute.err) == (1, True), mute.err
    assert "needs s3:GetObject and s3:GetObjectTagging on the source" in mute.err
    assert len(site.objects("integration")) == len(ANY_KEY), "deleted though nothing was copied"
    accounts.allow(source, "s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging")
    allowed = site.run("sync", "assets")
    assert (allowed.code, site.objects("integration")) == (0, {key: key for key in ANY_KEY})
    copied = site.client.head_object(Bucket=site.buckets["integration"], Key=ANY_KEY[0])
    assert copied["ContentType"] == "text/x-key"
    again = site.run("sync", "assets")
    assert "0 copied, 0 B, 0 deleted" in again.err, again.err

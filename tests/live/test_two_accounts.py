"""Production's bucket in one account, integration in another: what its policy allows, and not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envsync.gateways.scope import Scope
from envsync.gateways.storage.s3 import S3Store
from envsync.places import S3Storage
from tests.live.program import Ran
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.untouched import OLD
from tests.servers.postgresql import Postgresql
from tests.servers.radosgw import Accounts

pytestmark = pytest.mark.live

READING = ("s3:ListBucket", "s3:GetObject")
WRITING = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")


@pytest.fixture
def bucket(accounts: Accounts) -> str:
    return accounts.make_bucket()


@pytest.fixture
def site(tmp_path: Path, postgresql: Postgresql, accounts: Accounts, bucket: str) -> Iterator[Site]:
    with temporary_site(tmp_path, postgresql, accounts.storage(bucket)) as made:
        yield made


def run(site: Site, user: str, *arguments: str) -> Ran:
    """Run the program on a machine of one of the accounts."""
    site.environment |= Accounts.environment(user)
    return site.run(*arguments)


def keys(accounts: Accounts, bucket: str) -> list[str]:
    found = accounts.gateway.client("production").list_objects_v2(Bucket=bucket)
    return [one["Key"] for one in found.get("Contents", ())]


def assert_refused(site: Site, ran: Ran, *sentences: str) -> None:
    told = [sentence in ran.err for sentence in sentences]
    assert (ran.code, all(told), "Traceback" in ran.err) == (2, True, False), ran.err
    assert (site.people(), site.databases()) == (OLD, {"live"})


def test_another_account_reads_what_the_bucket_s_policy_lets_it_read(
    site: Site, accounts: Accounts, bucket: str
) -> None:
    accounts.allow(bucket, *READING)
    pushed = run(site, "production", "push", "app", "--env", "production")
    assert (pushed.code, len(keys(accounts, bucket))) == (0, 2), pushed.err
    pulled = run(site, "integration", "pull", "app")
    assert (pulled.code, len(site.people())) == (0, 500), pulled.err
    assert all(email.endswith("@example.com") for _, email, _ in site.people())


def test_another_account_that_may_only_read_is_refused_a_push_before_it_dumps(
    site: Site, accounts: Accounts, bucket: str
) -> None:
    accounts.allow(bucket, *READING)
    ran = run(site, "integration", "push", "app", "--env", "production")
    assert_refused(
        site,
        ran,
        f"the storage s3://{bucket} cannot be written below 'postgresql-backend/'",
        "the access key 'integration' needs s3:ListBucket, s3:GetObject, s3:PutObject",
    )
    assert keys(accounts, bucket) == []


def test_without_a_policy_another_account_is_told_what_it_needs(
    site: Site, accounts: Accounts, bucket: str
) -> None:
    assert run(site, "production", "push", "app", "--env", "production").code == 0
    ran = run(site, "integration", "pull", "app")
    assert_refused(
        site,
        ran,
        f"cannot list s3://{bucket}/postgresql-backend/",
        f"the access key 'integration' needs s3:ListBucket, s3:GetObject on {bucket!r}",
        "by the bucket's policy as well as by its own",
    )


def test_a_policy_that_lists_but_does_not_let_read_is_told(
    site: Site, accounts: Accounts, bucket: str
) -> None:
    assert run(site, "production", "push", "app", "--env", "production").code == 0
    accounts.allow(bucket, "s3:ListBucket")
    ran = run(site, "integration", "pull", "app")
    assert_refused(site, ran, f"cannot read s3://{bucket}/postgresql-backend/", "s3:GetObject")


def test_a_profile_says_who_pulls(site: Site, accounts: Accounts, bucket: str) -> None:
    accounts.allow(bucket, *READING)
    assert run(site, "production", "push", "app", "--env", "production").code == 0
    credentials = site.folder / "credentials"
    secret = Accounts.environment("integration")["AWS_SECRET_ACCESS_KEY"]
    credentials.write_text(
        f"[backups]\naws_access_key_id = integration\naws_secret_access_key = {secret}\n"
    )
    site.environment |= {"AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del site.environment[name]
    site.write(production={"storage.profile": "backups"})
    ran = site.run("pull", "app")
    assert (ran.code, len(site.people())) == (0, 500), ran.err
    assert_profile_named(site.run("push", "app", "--env", "production"))


def assert_profile_named(ran: Ran) -> None:
    assert ran.code == 2
    assert "the access key 'integration' of the profile 'backups' needs s3:ListBucket" in ran.err


@pytest.fixture(scope="session")
def role(accounts: Accounts) -> str:
    """A role that integration may assume, and that may only read."""
    return accounts.gateway.make_role("backups", "integration", READING)


def test_a_role_is_assumed_at_the_server_that_has_the_bucket(site: Site, role: str) -> None:
    assert run(site, "production", "push", "app", "--env", "production").code == 0
    site.write(production={"storage.role_arn": role, "storage.external_id": "shared-word"})
    pulled = run(site, "integration", "pull", "app")
    assert (pulled.code, len(site.people())) == (0, 500), pulled.err
    pushed = run(site, "integration", "push", "app", "--env", "production")
    assert (pushed.code, f"the role '{role}' needs s3:ListBucket" in pushed.err) == (2, True)


def test_a_role_that_does_not_trust_who_asks_is_told(site: Site, role: str) -> None:
    site.write(production={"storage.role_arn": role})
    ran = run(site, "production", "push", "app", "--env", "production")
    assert_refused(site, ran, "the role's trust policy must allow it to who asks")


def test_what_another_account_writes_is_the_bucket_owner_s_too(
    accounts: Accounts, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.allow(bucket, *READING, *WRITING, "s3:PutObjectAcl")
    for name, value in Accounts.environment("integration").items():
        monkeypatch.setenv(name, value)
    place: dict[str, Any] = accounts.storage(bucket)
    del place["backend"]
    store = S3Store(S3Storage(**place, acl="bucket-owner-full-control"))
    store.put("small", b"small")
    with store.writer("large", store.part_bytes(1), Scope()) as writer:
        writer.write(b"large")
    S3Store(S3Storage(**place)).put("withheld", b"withheld")
    assert {key: grantees(accounts, bucket, key) for key in keys(accounts, bucket)} == {
        "small": {"integration", "production"},
        "large": {"integration", "production"},
        "withheld": {"integration"},
    }


def grantees(accounts: Accounts, bucket: str, key: str) -> set[str]:
    """Return who may do everything with an object, as its own account sees it."""
    acl = accounts.gateway.client("integration").get_object_acl(Bucket=bucket, Key=key)
    return {one["Grantee"]["ID"] for one in acl["Grants"] if one["Permission"] == "FULL_CONTROL"}

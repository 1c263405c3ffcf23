"""What a bucket is told about its objects, and with whose credentials."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest

from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.s3 import S3Store
from envsync.gateways.storage.s3_client import s3_client
from envsync.places import Encryption, S3Storage
from tests.gateways.storage.places import PART, make_old
from tests.servers.ports import free_port
from tests.servers.proxy import Proxy, proxying
from tests.servers.s3 import S3Server
from tests.servers.unconditional import without_conditions

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("aws_environment")]

CONTENT = b"content" * 1_000_000


@pytest.fixture
def storage(moto_server: S3Server) -> S3Storage:
    return moto_server.storage(moto_server.make_bucket())


@pytest.fixture
def proxy(moto_server: S3Server) -> Iterator[Proxy]:
    with proxying(moto_server.port) as proxy:
        yield proxy


def write_both_ways(storage: S3Storage) -> None:
    store = S3Store(storage)
    store.put("small", CONTENT[:10])
    with store.writer("large", PART, Scope()) as writer:
        writer.write(CONTENT)


def looked_at(server: S3Server, storage: S3Storage) -> list[dict[str, Any]]:
    client = server.client()
    return [
        dict(client.head_object(Bucket=storage.bucket, Key=key, ChecksumMode="ENABLED"))
        for key in ("small", "large")
    ]


def test_objects_are_encrypted_as_the_inventory_says(
    moto_server: S3Server, storage: S3Storage
) -> None:
    write_both_ways(replace(storage, encryption=Encryption("AES256")))
    found = looked_at(moto_server, storage)
    assert [one["ServerSideEncryption"] for one in found] == ["AES256", "AES256"]


def test_objects_are_encrypted_with_the_key_of_the_inventory(
    moto_server: S3Server, storage: S3Storage
) -> None:
    write_both_ways(replace(storage, encryption=Encryption("aws:kms", "alias/backups")))
    found = looked_at(moto_server, storage)
    assert [(one["ServerSideEncryption"], one["SSEKMSKeyId"]) for one in found] == [
        ("aws:kms", "alias/backups"),
        ("aws:kms", "alias/backups"),
    ]


@pytest.mark.parametrize(("checksums", "sent"), [("when_supported", 2), ("when_required", 0)])
def test_checksums_are_sent_as_the_inventory_says(
    proxy: Proxy,
    storage: S3Storage,
    checksums: Literal["when_supported", "when_required"],
    sent: int,
) -> None:
    store = S3Store(replace(storage, endpoint_url=proxy.url, checksums=checksums))
    store.put("small", CONTENT[:10])
    with store.writer("large", PART, Scope()) as writer:
        writer.write(CONTENT[:100])
    assert bytes(proxy.heard).lower().count(b"x-amz-checksum-crc32:") == sent


def test_a_role_of_another_account_is_assumed(
    proxy: Proxy, storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", proxy.url)
    role = "arn:aws:iam::123456789012:role/backups"
    there = replace(storage, endpoint_url=proxy.url, role_arn=role, external_id="shared word")
    write_both_ways(there)
    heard = bytes(proxy.heard)
    # Keys that begin with ASIA are temporary ones, as a role has them.
    credentials = set(re.findall(rb"Credential=(ASIA|test)", heard))
    assert heard.count(b"Action=AssumeRole&") == heard.count(b"Credential=test/") == 1
    assert (b"ExternalId=shared+word" in heard, credentials) == (True, {b"ASIA", b"test"})


def test_a_profile_that_is_not_there_is_refused(storage: S3Storage) -> None:
    with pytest.raises(RefusedError, match=r"no-such-profile.*correct its profile"):
        S3Store(replace(storage, profile="no-such-profile"))


def test_an_endpoint_that_is_no_url_is_refused(storage: S3Storage) -> None:
    with pytest.raises(RefusedError, match=r"not-a-url.*endpoint_url"):
        S3Store(replace(storage, endpoint_url="not-a-url"))


def test_missing_credentials_are_refused_before_a_push(
    storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = S3Store(replace(storage, region="eu-west-2"))  # no client is kept for this one yet
    with pytest.raises(RefusedError, match=r"(?i)credentials"):
        store.verify_writable("path")


def test_an_unreachable_server_is_not_taken_for_a_wrong_bucket(storage: S3Storage) -> None:
    store = S3Store(replace(storage, endpoint_url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(UnavailableError):
        store.verify_writable("path")


def test_a_server_that_knows_no_conditions_is_written_to(
    moto_server: S3Server, storage: S3Storage
) -> None:
    with without_conditions(moto_server.port) as port:
        there = replace(storage, endpoint_url=moto_server.at(port).endpoint_url)
        write_both_ways(there)
        assert [S3Store(there).get(key) for key in ("small", "large")] == [CONTENT[:10], CONTENT]


def test_of_two_writers_of_one_key_the_first_to_finish_wins(storage: S3Storage) -> None:
    store = S3Store(storage)
    with pytest.raises(CommandError, match="none is overwritten"):
        write_late(store, "key")
    assert store.get("key") == b"first"


def write_late(store: S3Store, key: str) -> None:
    with store.writer(key, PART, Scope()) as late:
        store.put(key, b"first")
        late.write(b"second")


def test_an_object_that_changes_at_the_same_size_is_noticed(storage: S3Storage) -> None:
    fill(storage)
    with pytest.raises(CommandError, match="no longer the object"):
        read_while_replaced(storage)


def test_a_change_is_noticed_where_the_server_does_not_look(rclone_server: S3Server) -> None:
    storage = rclone_server.storage(rclone_server.make_bucket())
    fill(storage)
    make_old(rclone_server, storage.bucket, "key")
    with pytest.raises(CommandError, match="no longer the object"):
        read_while_replaced(storage)


def fill(storage: S3Storage) -> None:
    with S3Store(storage).writer("key", PART, Scope()) as writer:
        writer.write(CONTENT * 5)


def read_while_replaced(storage: S3Storage) -> None:
    with S3Store(storage).read("key", Scope()) as chunks:
        next(chunks)
        body = b"changed" * 5_000_000
        s3_client(storage).put_object(Bucket=storage.bucket, Key="key", Body=body)
        list(chunks)

"""Objects of more parts than an upload can have: composed from segments by the server."""

from collections.abc import Callable

import pytest

from envsync.errors import CommandError, InterruptedStepError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.limits import Limits
from envsync.gateways.storage.s3 import S3Store
from envsync.gateways.storage.s3_segments import fingerprint, segment, segment_key
from envsync.gateways.storage.store import MIB, StoredObject
from tests.gateways.storage.places import PART, leftovers
from tests.servers.s3 import S3Server

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("aws_environment")]

BLOCK = bytes(range(256)) * 4096
TINY = Limits(direct_parts=2, segment_parts=3, copied_parts=4, copy_bytes=10 * MIB, buffered=PART)


@pytest.fixture
def bucket(moto_server: S3Server) -> str:
    return moto_server.make_bucket()


@pytest.fixture
def store(moto_server: S3Server, bucket: str) -> S3Store:
    return S3Store(moto_server.storage(bucket), TINY)


def write(
    store: S3Store, blocks: int, scope: Scope, then: Callable[[], object] = lambda: None
) -> bytes:
    content = b"".join(number.to_bytes(4) + BLOCK[4:] for number in range(blocks))
    with store.writer("path/key", PART, scope) as writer:
        writer.write(content)
        then()
    return content


@pytest.mark.parametrize("blocks", [10, 11, 25, 40])
def test_an_object_of_many_segments_is_whole(
    moto_server: S3Server, store: S3Store, bucket: str, blocks: int
) -> None:
    content = write(store, blocks, Scope())
    with store.read("path/key", Scope()) as chunks:
        assert b"".join(chunks) == content
    assert leftovers(moto_server, bucket) == []


def test_segments_are_no_objects_of_the_store(store: S3Store) -> None:
    seen: list[StoredObject] = []
    write(store, 34, Scope(), lambda: seen.extend(store.keys("")))
    assert (seen, list(store.keys(""))) == ([], [StoredObject("path/key", 34 * MIB)])


def test_a_failing_writer_leaves_no_segments(
    moto_server: S3Server, store: S3Store, bucket: str
) -> None:
    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        write(store, 34, Scope(), fail)
    assert (list(store.keys("")), leftovers(moto_server, bucket)) == ([], [])


def test_a_cancelled_writer_leaves_no_segments(
    moto_server: S3Server, store: S3Store, bucket: str
) -> None:
    scope = Scope()
    with pytest.raises(InterruptedStepError, match="deadline"):
        write(store, 34, scope, lambda: scope.cancel("its deadline has passed"))
    assert (list(store.keys("")), leftovers(moto_server, bucket)) == ([], [])


def test_an_object_larger_than_any_can_be_is_refused_and_leaves_nothing(
    moto_server: S3Server, store: S3Store, bucket: str
) -> None:
    with pytest.raises(CommandError, match="larger than an object can be"):
        write(store, 60, Scope())
    assert (list(store.keys("")), leftovers(moto_server, bucket)) == ([], [])


def test_a_server_that_cannot_compose_is_told(rclone_server: S3Server) -> None:
    bucket = rclone_server.make_bucket()
    store = S3Store(rclone_server.storage(bucket), TINY)
    with pytest.raises(CommandError, match="cannot compose"):
        write(store, 34, Scope())
    assert (list(store.keys("")), leftovers(rclone_server, bucket)) == ([], [])


def test_a_segment_is_known_by_its_name() -> None:
    key = segment_key("path/key", "an upload/of any:length" * 20, 12)
    found = segment(key)
    assert (found, segment("path/key")) == (
        ("path/key", fingerprint("an upload/of any:length" * 20)),
        None,
    )

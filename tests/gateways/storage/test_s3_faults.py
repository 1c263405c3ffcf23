"""What a bucket's server and the network do wrong, and what becomes of the object."""

import threading
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO

import pytest

from envsync.errors import InterruptedStepError, RefusedError, UnavailableError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.limits import Span
from envsync.gateways.storage.s3 import S3Store
from envsync.gateways.storage.s3_bucket import Bucket
from envsync.gateways.storage.s3_client import s3_client
from envsync.gateways.storage.s3_download import Download
from envsync.gateways.storage.s3_multipart import Multipart
from envsync.gateways.storage.store import MIB
from tests.gateways.storage.places import PART, Reached, leftovers, reached_through_proxy
from tests.servers.ports import free_port
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

pytestmark = pytest.mark.live

CONTENT = bytes(range(256)) * 4096 * 18


def fill(reached: Reached) -> None:
    with reached.store.writer("path/key", PART, Scope()) as writer:
        writer.write(CONTENT)


def read(reached: Reached, scope: Scope) -> bytes:
    with reached.store.read("path/key", scope) as chunks:
        return b"".join(chunks)


def seconds_until_interrupted(job: Callable[[Scope], object], ready: Callable[[], bool]) -> float:
    """Cancel a job from another thread once it is ready, and return how long it went on."""
    scope = Scope()
    cancelled: list[float] = []

    def cancel() -> None:
        until(ready, "the job to block")
        cancelled.append(time.monotonic())
        scope.cancel("its deadline has passed")

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(InterruptedStepError, match="its deadline has passed"):
        job(scope)
    ended = time.monotonic()
    thread.join()
    return ended - cancelled[0]


def test_a_dropped_connection_is_taken_up_where_it_broke(reached: Reached) -> None:
    fill(reached)
    reached.proxy.cut("answers", after=3 * MIB, times=4)
    content = read(reached, Scope())
    assert (content == CONTENT, reached.proxy.faults) == (True, 4)


def test_what_came_before_a_drop_is_not_asked_for_again(reached: Reached) -> None:
    reached.store.put("path/key", CONTENT[: 3 * MIB])
    reached.proxy.heard.clear()
    reached.proxy.cut("answers", after=2 * MIB)
    read(reached, Scope())
    ranges = [
        int(line.split(b"=")[1].split(b"-")[0])
        for line in bytes(reached.proxy.heard).split(b"\r\n")
        if line.lower().startswith(b"range:")
    ]
    assert ranges[0] == 0
    assert MIB <= ranges[1] < 2 * MIB


def test_a_connection_that_keeps_dropping_is_told(reached: Reached) -> None:
    fill(reached)
    reached.proxy.cut("answers", after=20_000, times=1_000)
    with pytest.raises(UnavailableError, match=r"cannot read s3://.*/path/key: "):
        read(reached, Scope())


def test_an_answer_that_is_cut_within_its_headers_is_told(reached: Reached) -> None:
    fill(reached)
    reached.proxy.cut("answers", after=60, times=1_000)
    with pytest.raises(UnavailableError, match=r"cannot read s3://.*/path/key: .*closed"):
        read(reached, Scope())


def test_a_range_whose_headers_are_cut_is_asked_for_again(reached: Reached) -> None:
    reached.store.put("path/key", CONTENT[:MIB])
    bucket = Bucket(s3_client(reached.storage), reached.storage)
    found = bucket.find("path/key")
    assert found
    reached.proxy.cut("answers", after=60, times=2)
    download = Download(bucket, "path/key", found)
    content = download.fetch(Span(0, MIB - 1), BytesIO())
    assert (content == CONTENT[:MIB], reached.proxy.faults) == (True, 2)


@pytest.mark.usefixtures("aws_environment")
def test_a_part_whose_connection_drops_is_sent_again(moto_server: S3Server) -> None:
    with reached_through_proxy(moto_server) as reached:
        reached.proxy.cut("requests", after=7 * MIB, times=2)
        fill(reached)
        assert (read(reached, Scope()) == CONTENT, reached.proxy.faults) == (True, 2)


def test_reading_from_a_silent_server_ends_when_cancelled(reached: Reached) -> None:
    fill(reached)
    reached.proxy.fall_silent("answers", after=6 * MIB)
    took = seconds_until_interrupted(partial(read, reached), lambda: reached.proxy.faults > 0)
    assert took < 20


def test_writing_to_a_silent_server_ends_when_cancelled(reached: Reached) -> None:
    def write(scope: Scope) -> None:
        with reached.store.writer("path/key", PART, scope) as writer:
            writer.write(CONTENT * 4)

    reached.proxy.fall_silent("requests", after=12 * MIB)
    took = seconds_until_interrupted(write, lambda: reached.proxy.faults > 0)
    reached.proxy.heal()
    until(lambda: leftovers(reached.server, reached.storage.bucket) == [], "its removal")
    assert (took < 20, list(reached.store.keys(""))) == (True, [])


def test_an_object_is_known_again_though_the_answer_to_its_completion_was_lost(
    reached: Reached,
) -> None:
    upload = Multipart(Bucket(s3_client(reached.storage), reached.storage), "path/key")
    upload.upload(upload.reserve(), CONTENT)
    reached.proxy.cut("answers", after=0)
    upload.complete()
    assert (read(reached, Scope()) == CONTENT, reached.proxy.faults) == (True, 1)


def test_a_small_object_is_known_again_though_the_answer_was_lost(reached: Reached) -> None:
    client = s3_client(reached.storage)
    lose = partial(_lose_answer, reached)
    client.meta.events.register_first("before-send.s3.PutObject", lose)
    reached.store.put("path/key", b"content")
    client.meta.events.unregister("before-send.s3.PutObject", lose)
    assert (reached.store.get("path/key"), reached.proxy.faults) == (b"content", 1)


def test_an_object_that_appears_after_a_cancel_is_removed(reached: Reached) -> None:
    upload = Multipart(Bucket(s3_client(reached.storage), reached.storage), "path/key")
    upload.upload(upload.reserve(), CONTENT)
    upload.complete()
    upload.abort()
    assert list(reached.store.keys("")) == []


@pytest.mark.usefixtures("aws_environment")
def test_an_unreachable_server_is_told(moto_server: S3Server) -> None:
    store = S3Store(moto_server.at(free_port()).storage("bucket"))
    with pytest.raises(UnavailableError, match=r"cannot write s3://bucket/key: .*connect"):
        store.put("key", b"content")


@pytest.mark.usefixtures("aws_environment")
def test_wrong_credentials_are_refused_and_never_told(
    rclone_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = rclone_server.make_bucket()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hostile:p@ss word'\"%41")
    store = S3Store(rclone_server.storage(bucket))
    with pytest.raises(RefusedError, match="SignatureDoesNotMatch") as told:
        store.verify_writable("path")
    assert "hostile" not in str(told.value)


def _lose_answer(reached: Reached, **_: object) -> None:
    if not reached.proxy.faults:
        reached.proxy.cut("answers", after=0)

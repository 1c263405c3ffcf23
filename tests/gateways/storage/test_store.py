"""What every store promises, whether it is a bucket or a folder."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envsync.artefacts import ArtefactKey, Stamp
from envsync.errors import CommandError, InterruptedStepError, RefusedError
from envsync.gateways.scope import Scope
from envsync.gateways.storage.store import MIB, Store, StoredObject
from tests.gateways.storage.places import PART, Place

pytestmark = pytest.mark.live

BLOCK = bytes(range(256)) * 4096
HOSTILE = [
    "path/percent%41%2Fencoded",
    "with colon:and;semicolon",
    "spaces  in/a key",
    "ünïcödé/数据库",
    "quotes'\"`<&>+?#=",
    "-dash/--option",
]


def write(store: Store, key: str, size: int) -> bytes:
    content = (BLOCK * (size // len(BLOCK) + 1))[:size]
    with store.writer(key, PART, Scope()) as writer:
        for first in range(0, size, 700_001):
            writer.write(content[first : first + 700_001])
    return content


def write_and(store: Store, scope: Scope, then: Callable[[], object]) -> None:
    with store.writer("path/key", PART, scope) as writer:
        writer.write(BLOCK * 11)
        then()


def begin_to_read_and(store: Store, scope: Scope, then: Callable[[], object]) -> list[bytes]:
    with store.read("path/key", scope) as chunks:
        first = next(chunks)
        then()
        return [first, *chunks]


def read(store: Store, key: str) -> bytes:
    with store.read(key, Scope()) as chunks:
        return b"".join(chunks)


@pytest.mark.parametrize("size", [0, 1, PART, 3 * PART + 7])
def test_what_was_written_is_read(place: Place, size: int) -> None:
    content = write(place.store, "path/key", size)
    assert read(place.store, "path/key") == content


def test_one_write_may_be_larger_than_many_parts(place: Place) -> None:
    with place.store.writer("key", PART, Scope()) as writer:
        writer.write(BLOCK * 17)
    assert read(place.store, "key") == BLOCK * 17


def test_an_object_appears_only_when_it_is_whole(place: Place) -> None:
    with place.store.writer("path/key", PART, Scope()) as writer:
        writer.write(BLOCK * 11)
        assert list(place.store.keys("")) == []
    assert list(place.store.keys("")) == [StoredObject("path/key", 11 * MIB)]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failing_writer_leaves_nothing(place: Place, failure: type[BaseException]) -> None:
    def fail() -> None:
        raise failure

    with pytest.raises(failure):
        write_and(place.store, Scope(), fail)
    assert (list(place.store.keys("")), place.leftovers()) == ([], [])


def test_a_cancelled_writer_leaves_nothing(place: Place) -> None:
    scope = Scope()
    with pytest.raises(InterruptedStepError, match="deadline"):
        write_and(place.store, scope, lambda: scope.cancel("its deadline has passed"))
    assert (list(place.store.keys("")), place.leftovers()) == ([], [])


def test_a_cancelled_reader_stops(place: Place) -> None:
    write(place.store, "path/key", 6 * PART)
    scope = Scope()
    with pytest.raises(InterruptedStepError, match="deadline"):
        begin_to_read_and(place.store, scope, lambda: scope.cancel("its deadline has passed"))


def test_an_object_need_not_be_read_to_its_end(place: Place) -> None:
    write(place.store, "key", 3 * PART)
    with place.store.read("key", Scope()) as chunks:
        assert next(chunks)[:256] == BLOCK[:256]


def test_nothing_is_overwritten(place: Place) -> None:
    place.store.put("path/key", b"first")
    with pytest.raises(CommandError, match="none is overwritten"):
        place.store.put("path/key", b"second")
    with pytest.raises(CommandError, match="none is overwritten"):
        write(place.store, "path/key", 10)
    assert (place.store.get("path/key"), place.leftovers()) == (b"first", [])


@pytest.mark.parametrize("key", HOSTILE)
def test_any_key_is_read_back(place: Place, key: str) -> None:
    place.store.put(key, b"content")
    assert ([found.key for found in place.store.keys(key[:4])], place.store.get(key)) == (
        [key],
        b"content",
    )


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(database=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_of_a_database_makes_a_key(quick_place: Place, database: str) -> None:
    key = str(ArtefactKey("path", Stamp.parse("2026-11-20T02:40:00Z"), database))
    quick_place.store.put(key, database.encode())
    found = quick_place.store.get(key)
    quick_place.store.delete(key)
    assert found == database.encode()


def test_keys_are_those_with_a_prefix_in_order(place: Place) -> None:
    for key in ("path/b", "path/a", "path-2/c", "other/d", "path/sub/e", "path/B"):
        place.store.put(key, key.encode())
    assert [found.key for found in place.store.keys("path/")] == [
        "path/B",
        "path/a",
        "path/b",
        "path/sub/e",
    ]
    assert [found.key for found in place.store.keys("path/s")] == ["path/sub/e"]
    assert list(place.store.keys("nothing/here")) == []


def test_what_is_deleted_is_gone(place: Place) -> None:
    place.store.put("path/key", b"content")
    place.store.delete("path/key")
    place.store.delete("path/key")
    assert list(place.store.keys("")) == []


def test_a_missing_object_is_told(place: Place) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*no/such/key"):
        place.store.get("no/such/key")
    with pytest.raises(CommandError, match=r"cannot read .*no/such/key"):
        read(place.store, "no/such/key")


def test_a_small_object_is_not_read_past_its_limit(place: Place) -> None:
    place.store.put("key", b"eleven byte")
    assert place.store.get("key", 11) == b"eleven byte"
    with pytest.raises(CommandError, match="larger than the 10 bytes"):
        place.store.get("key", 10)


def test_a_place_that_is_not_there_is_told(place: Place) -> None:
    with pytest.raises(CommandError, match="cannot write"):
        place.absent.put("key", b"content")
    with pytest.raises(CommandError, match="cannot write"):
        write(place.absent, "key", 1)
    with pytest.raises(CommandError):
        list(place.absent.keys(""))
    with pytest.raises(CommandError, match="cannot read"):
        place.absent.get("key")


def test_a_place_that_is_not_there_is_refused_before_a_push(place: Place) -> None:
    with pytest.raises(RefusedError, match=r"cannot .*; name a "):
        place.absent.verify_writable("path")


def test_a_place_is_found_writable_without_a_trace(place: Place) -> None:
    place.store.verify_writable()
    place.store.verify_writable("path/below")
    assert (list(place.store.keys("")), place.leftovers()) == ([], [])


def test_an_object_replaced_while_it_is_read_is_never_mixed(place: Place) -> None:
    old = write(place.store, "path/key", 9 * PART)

    def replace() -> None:
        place.store.delete("path/key")
        place.store.put("path/key", b"another one")

    try:
        content = b"".join(begin_to_read_and(place.store, Scope(), replace))
    except CommandError as error:
        content = str(error).encode()
    assert content == old or b"it is no longer the object" in content


def test_work_in_progress_is_not_swept(place: Place) -> None:
    key = "path/2026-11-20T02:40:00Z-shop.dump.zst"
    with place.store.writer(key, PART, Scope()) as writer:
        writer.write(BLOCK)
        swept = place.store.sweep("path/", timedelta(days=20_000))
    assert (swept, place.store.get(key)) == ((), BLOCK)

"""How uploads are cut up: any size fits the server's limits and a fixed amount of memory."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from envsync.gateways.storage.limits import Limits, Span, part_bytes, spans
from envsync.gateways.storage.store import MIB

TERABYTE = 10**12
LIMITS = Limits()
SIZES = st.integers(0, 6 * TERABYTE)


def test_five_terabytes_fit_whatever_was_expected() -> None:
    assert min(capacity(part_bytes(0)), capacity(part_bytes(5 * TERABYTE))) > 5.5 * TERABYTE


def capacity(part: int) -> int:
    """Return how many bytes an object of such parts can have."""
    segment = LIMITS.segment_parts * part
    copies = len(list(spans(segment, LIMITS.copy_bytes)))
    return LIMITS.direct_parts * part + LIMITS.copied_parts // copies * segment


@given(SIZES)
def test_memory_is_bounded_whatever_the_size(expected: int) -> None:
    part = part_bytes(expected)
    assert (LIMITS.uploads_at_once(part) + 1) * part <= LIMITS.buffered


@given(SIZES)
def test_several_parts_are_on_their_way_at_once(expected: int) -> None:
    assert 2 <= LIMITS.uploads_at_once(part_bytes(expected)) <= 3


def test_parts_stay_within_what_s3_takes() -> None:
    assert LIMITS.direct_parts + LIMITS.copied_parts <= 10_000
    assert LIMITS.segment_parts <= 10_000
    assert 5 * MIB <= LIMITS.smallest_part <= LIMITS.largest_part
    assert LIMITS.copy_bytes <= 5 * 1024 * MIB


@given(st.integers(0, 80 * 10**9))
def test_a_stream_a_tenth_larger_than_expected_needs_no_segments(expected: int) -> None:
    assert part_bytes(expected) * LIMITS.direct_parts >= expected * 11 // 10


@given(st.integers(0, 999), st.integers(1, 999))
def test_spans_cover_every_byte_once_in_pieces_of_one_size(total: int, most: int) -> None:
    found = list(spans(total, most))
    assert sum(span.bytes for span in found) == total
    assert all(left.last + 1 == right.first for left, right in pairwise(found))
    assert all(span.bytes <= most for span in found)


@given(st.integers(5 * MIB, 10**9), st.integers(10 * MIB, 10**8))
def test_no_copied_part_is_smaller_than_s3_takes(total: int, most: int) -> None:
    first, *_, last = [*spans(total, most), *spans(total, most)]
    assert min(first.bytes, last.bytes) >= 5 * MIB


def test_a_span_goes_on_after_what_has_come() -> None:
    assert str(Span(10, 19).after(4)) == "bytes=14-19"

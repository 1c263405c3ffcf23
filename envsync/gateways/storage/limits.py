"""How an upload to S3 is cut up, so that any size fits in a fixed amount of memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from envsync.gateways.storage.store import MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may take, in bytes and in counts of S3's 10,000 parts.

    The first parts of an object are uploaded straight into it. What comes after them goes into
    segments, objects of their own, which the server copies into the remaining parts.
    """

    smallest_part: int = 8 * MIB
    largest_part: int = 12 * MIB
    direct_parts: int = 7_500
    copied_parts: int = 2_500
    segment_parts: int = 10_000
    copy_bytes: int = 2_560 * MIB
    copies_at_once: int = 8
    buffered: int = 36 * MIB
    read_bytes: int = 8 * MIB
    reads_at_once: int = 3

    def uploads_at_once(self, part_bytes: int) -> int:
        """Return how many parts may be on their way while another one fills."""
        return max(1, self.buffered // part_bytes - 1)


def part_bytes(expected_bytes: int, limits: Limits | None = None) -> int:
    """Return the size of parts for a stream that may turn out a tenth larger than expected.

    Whatever does not fit in parts of the largest size is copied in from segments.
    """
    limits = limits or Limits()
    fitting = -(-expected_bytes * 11 // 10 // limits.direct_parts)
    return min(max(fitting, limits.smallest_part), limits.largest_part)


@dataclass(frozen=True, slots=True)
class Span:
    """A range of bytes, the last one included, as HTTP counts."""

    first: int
    last: int

    @property
    def bytes(self) -> int:
        return self.last - self.first + 1

    def after(self, count: int) -> "Span":
        """Return what is left when the first bytes are there."""
        return Span(self.first + count, self.last)

    def __str__(self) -> str:
        return f"bytes={self.first}-{self.last}"


def spans(total: int, most: int) -> Iterator[Span]:
    """Cut a length into ranges of about the same size, none larger than the most."""
    pieces = -(-total // most)
    size = -(-total // max(pieces, 1))
    for first in range(0, total, max(size, 1)):
        yield Span(first, min(first + size, total) - 1)

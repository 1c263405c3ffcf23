"""What the soak's databases hold: rows of one generation, by which a copy shows what it is."""

from collections.abc import Iterator
from dataclasses import dataclass

PRIVATE = "@private.example"
CLEAN = "@example.com"

Row = tuple[int, int, str]
"""An id, a generation and an e-mail address."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an ordinary role reads of a copy at one moment: the rows of each of its two tables."""

    people: tuple[Row, ...]
    notes: tuple[Row, ...]

    @property
    def generations(self) -> frozenset[int]:
        return frozenset(generation for _, generation, _ in (*self.people, *self.notes))


def personal(generation: int, rows: int) -> Iterator[Row]:
    """Yield the rows of a generation as production has them."""
    return ((n, generation, f"person{n}{PRIVATE}") for n in range(1, rows + 1))


def wrong_with(seen: Seen, known: dict[int, int]) -> str | None:
    """Say what is wrong with a copy; None where it is one known generation, whole and sanitised.

    `known` is how many rows each generation had in production.
    """
    emails = {email for _, _, email in (*seen.people, *seen.notes)}
    if any(not email.endswith(CLEAN) for email in emails):
        return "unsanitised"
    if len(seen.generations) > 1:
        return "mixed"
    wanted = known.get(next(iter(seen.generations), -1))
    ids = list(range(1, (wanted or 0) + 1))
    whole = [[n for n, _, _ in rows] == ids for rows in (seen.people, seen.notes)]
    return None if wanted and all(whole) else "lost"

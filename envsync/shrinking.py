"""Whether an artefact is so much smaller than the one before it that it must not follow it. Pure.

What is compared is what a dump means, not how it is packed: bytes before compression, and rows
where both artefacts have counted them. What the inventory has left out since is not missed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from envsync.artefacts import Manifest
from envsync.tables import is_named

SLACK_ROWS = 100
SLACK_BYTES = 64 * 1024
"""What may be lost whatever its share: in a small database a few rows are a large one."""
EMPTIED_ROWS = 1000
"""Rows that a table must have had for its being empty to be worth a word."""
_SHOWN = 3
_ALL = 100


@dataclass(frozen=True, slots=True)
class Floor:
    """What a new artefact is measured by: the newest there is, and how much smaller it may be.

    `max_shrink` is in per cent. `left_out` are the tables whose rows the inventory leaves out now.
    `because` is why an operator lets the new one be smaller than that; "" where nobody does.
    """

    former: Manifest
    max_shrink: Decimal
    left_out: tuple[str, ...] = ()
    because: str = ""

    @property
    def least_rows(self) -> int | None:
        """Rows below which a new artefact is too small; None where they cannot be compared."""
        if not _is_counted(self.former):
            return None
        return _least(sum(self.rows.values()), self.max_shrink, SLACK_ROWS)

    @property
    def least_bytes(self) -> int | None:
        """Bytes below which a new artefact is too small; None where they cannot be compared."""
        gone = any(count and self._leaves_out(table) for table, count in self.former.rows.items())
        if gone or _is_snapshot(self.former):
            return None
        return _least(self.former.bytes_uncompressed, self.max_shrink, SLACK_BYTES)

    def __str__(self) -> str:
        """Say what happens to an artefact below it, as a dry run shows it."""
        least = []
        if self.least_rows:
            fewer = f"fewer than {self.least_rows:,}" if self.least_rows > 1 else "no"
            least.append(f"{fewer} {_what(self.former)}")
        if self.least_bytes and self.least_bytes > 1:
            least.append(f"fewer than {self.least_bytes:,} bytes before compression")
        than = f"that of {self.former.stamp} and max_shrink of {percent(self.max_shrink)}"
        if not least:
            return f"compare with nothing: {than} leave no least size"
        verb = f"allow it, as {self.because!r}," if self.because else "refuse it"
        return f"{verb} if it has {' or '.join(least)}: by {than}"

    @property
    def rows(self) -> Mapping[str, int]:
        """The rows of the former artefact, without those of tables that are left out now."""
        return {
            table: count for table, count in self.former.rows.items() if not self._leaves_out(table)
        }

    def _leaves_out(self, table: str) -> bool:
        return is_named(table, self.left_out, self.former.dbms)


@dataclass(frozen=True, slots=True)
class Weight:
    """How a new artefact compares: what it lost beyond its floor, and what is odd besides."""

    losses: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()


def weigh(floor: Floor, new: Manifest) -> Weight:
    """Compare a new artefact with the former one."""
    return Weight(tuple(_losses(floor, new)), tuple(_emptied(floor, new)))


def is_other_data(floor: Floor, new: Manifest) -> bool:
    """Tell whether a script has changed since that the data went through: it may delete more."""
    return floor.former.sanitised != new.sanitised


def refusal(floor: Floor, weight: Weight, new: Manifest) -> str:
    """Return what an operator is told of an artefact that lost too much."""
    return (
        f"the new artefact of {new.database} ({new.environment}) is much smaller than that of "
        f"{floor.former.stamp}, which stays the newest: {'; '.join(weight.losses)}; max_shrink is "
        f"{percent(floor.max_shrink)}; look at the database, and if that is right: envsync push "
        f'{new.database} --env {new.environment} --allow-shrink "WHY"'
    )


def allowance(floor: Floor, weight: Weight) -> str:
    """Return what is said of an artefact that lost too much, and is published all the same."""
    why = floor.because or "another script has sanitised what is in it"
    return (
        f"much smaller than the artefact of {floor.former.stamp}: {'; '.join(weight.losses)}; "
        f"allowed, because: {why}"
    )


def percent(share: Decimal) -> str:
    """Return a share as inventories write it."""
    return f"{share.normalize():f}%"


def _losses(floor: Floor, new: Manifest) -> Iterator[str]:
    if floor.least_rows is not None and _is_counted(new):
        before = sum(floor.rows.values())
        earlier = floor.former.without_rows
        after = sum(
            count for table, count in new.rows.items() if not is_named(table, earlier, new.dbms)
        )
        if after < floor.least_rows:
            yield f"{after:,} {_what(new)} instead of {before:,}"
    if floor.least_bytes is not None and new.bytes_uncompressed < floor.least_bytes:
        before = floor.former.bytes_uncompressed
        yield f"{new.bytes_uncompressed:,} bytes before compression instead of {before:,}"


def _emptied(floor: Floor, new: Manifest) -> Iterator[str]:
    """Yield what to say of tables that lost all their rows; one that is gone was dropped or split.

    They are no reason to refuse: a table of jobs is emptied every now and then.
    """
    if not (_is_counted(floor.former) and _is_counted(new)):
        return
    empty = [
        (count, table)
        for table, count in floor.rows.items()
        if count >= EMPTIED_ROWS and new.rows.get(table) == 0
    ]
    for count, table in sorted(empty, reverse=True)[:_SHOWN]:
        yield f"{table} is empty, and had {count:,} rows in the artefact of {floor.former.stamp}"
    if len(empty) > _SHOWN:
        yield f"{len(empty) - _SHOWN} more tables are empty that were not"


def _least(before: int, share: Decimal, slack: int) -> int:
    """Return the least that is no loss: the share kept, or all but the slack, never nothing.

    A share of 100 per cent lets everything go.
    """
    if share >= _ALL:
        return 0
    kept = int(before * (_ALL - share) / _ALL)
    return min(before, max(1, min(kept, before - slack)))


def _what(manifest: Manifest) -> str:
    return "documents" if _is_snapshot(manifest) else "rows"


def _is_counted(manifest: Manifest) -> bool:
    """Tell whether rows are those there were: a server's estimates are lost by its upgrade."""
    return manifest.row_counts == "exact" or _is_snapshot(manifest)


def _is_snapshot(manifest: Manifest) -> bool:
    """Tell whether a cluster took it: its documents are counted, its bytes shrink by themselves."""
    return manifest.dbms == "elasticsearch"

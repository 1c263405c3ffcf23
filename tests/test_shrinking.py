"""When an artefact is too small to follow the one before it, and when it only looks so."""

from decimal import Decimal
from typing import Any

import pytest

from envsync.artefacts import Manifest, ScriptUsed
from envsync.shrinking import Floor, is_other_data, percent, weigh

ROWS = {"public.people": 20_000, "public.notes": 5_000}
BEFORE = Manifest(
    environment="production",
    database="app",
    name="app_production",
    dbms="postgresql",
    stamp="2026-11-20T02:40:00Z",
    format="dump.zst",
    bytes=400_000,
    bytes_uncompressed=10_000_000,
    row_counts="exact",
    rows=ROWS,
    server_version="15",
    client_version="15",
    envsync_version="0.1.0",
)
SHARE = Decimal(30)


def after(**changes: Any) -> Manifest:
    return BEFORE.model_copy(update={"stamp": "2026-11-21T02:40:00Z", **changes})


def losses(floor: Floor, new: Manifest) -> tuple[str, ...]:
    return weigh(floor, new).losses


@pytest.mark.parametrize(
    ("new", "lost"),
    [
        (after(), ()),
        (after(rows={"public.people": 17_500}), ()),
        (after(rows={"public.people": 17_499}), ("17,499 rows instead of 25,000",)),
        (after(rows={}), ("0 rows instead of 25,000",)),
        (after(bytes_uncompressed=7_000_000), ()),
        (
            after(bytes_uncompressed=6_999_999),
            ("6,999,999 bytes before compression instead of 10,000,000",),
        ),
        (after(bytes=1), ()),
        (after(rows={"public.customers": 25_000}), ()),
        (after(row_counts="estimate", rows={}), ()),
    ],
    ids=[
        "the_same",
        "thirty_per_cent",
        "a_row_more_than_thirty_per_cent",
        "no_rows",
        "bytes_at_the_limit",
        "bytes_below_it",
        "packed_better",
        "a_table_renamed",
        "estimates_prove_nothing",
    ],
)
def test_what_is_lost_beyond_the_share_is_named_with_both_figures(
    new: Manifest, lost: tuple[str, ...]
) -> None:
    assert losses(Floor(BEFORE, SHARE), new) == lost


@pytest.mark.parametrize(
    ("before", "now", "lost"),
    [
        (50, 1, ()),
        (50, 0, ("0 rows instead of 50",)),
        (200, 100, ()),
        (200, 99, ("99 rows instead of 200",)),
        (0, 0, ()),
    ],
)
def test_a_hundred_rows_may_go_from_a_small_database_but_not_its_last(
    before: int, now: int, lost: tuple[str, ...]
) -> None:
    small = after(rows={"public.people": before})
    assert losses(Floor(small, SHARE), after(rows={"public.people": now})) == lost


def test_a_share_of_all_lets_everything_go() -> None:
    everything = Floor(BEFORE, Decimal(100))
    assert losses(everything, after(rows={}, bytes_uncompressed=0)) == ()
    assert "compare with nothing" in str(everything)


@pytest.mark.parametrize("named", ["people", "public.people"])
def test_rows_the_inventory_leaves_out_since_are_not_missed(named: str) -> None:
    without = Floor(BEFORE, SHARE, (named,))
    new = after(rows={"public.notes": 5_000}, bytes_uncompressed=100_000, without_rows=(named,))
    assert losses(without, new) == ()


def test_what_is_left_is_still_compared_when_a_table_is_left_out() -> None:
    new = after(rows={"public.notes": 10}, bytes_uncompressed=100_000, without_rows=("people",))
    assert losses(Floor(BEFORE, SHARE, ("people",)), new) == ("10 rows instead of 5,000",)


def test_rows_that_were_left_out_until_now_make_up_for_nothing() -> None:
    former = after(rows={"public.notes": 5_000}, without_rows=("people",))
    new = after(rows={"public.people": 20_000, "public.notes": 10})
    assert losses(Floor(former, SHARE), new) == ("10 rows instead of 5,000",)


def test_a_snapshot_is_compared_by_its_documents_alone() -> None:
    before = after(dbms="elasticsearch", row_counts="estimate", rows={"people-1": 1_000})
    new = before.model_copy(update={"rows": {"people-2": 600}, "bytes_uncompressed": 1})
    assert losses(Floor(before, SHARE), new) == ("600 documents instead of 1,000",)


def test_a_table_that_lost_all_its_rows_is_worth_a_word_and_one_that_is_gone_is_not() -> None:
    before = after(rows={"big": 90_000, "jobs": 999, "people": 1_000, "part_1": 5_000})
    new = after(rows={"big": 90_000, "jobs": 0, "people": 0})
    assert weigh(Floor(before, SHARE), new).emptied == (
        "people is empty, and had 1,000 rows in the artefact of 2026-11-21T02:40:00Z",
    )


def test_data_that_another_script_has_been_through_is_other_data() -> None:
    cleaned = after(sanitised=(ScriptUsed(name="clean.sql", sha256="0" * 64),))
    changed = after(sanitised=(ScriptUsed(name="clean.sql", sha256="1" * 64),))
    assert is_other_data(Floor(cleaned, SHARE), changed)
    assert not is_other_data(Floor(cleaned, SHARE), cleaned)


@pytest.mark.parametrize("because", ["", "events are archived"])
def test_a_dry_run_says_below_what_an_artefact_is_refused_or_allowed(because: str) -> None:
    verb = "allow it, as 'events are archived'," if because else "refuse it"
    assert str(Floor(BEFORE, SHARE, because=because)) == (
        f"{verb} if it has fewer than 17,500 rows or fewer than 7,000,000 bytes before "
        "compression: by that of 2026-11-20T02:40:00Z and max_shrink of 30%"
    )


def test_a_small_database_is_refused_with_no_rows() -> None:
    small = after(rows={"public.people": 50}, bytes_uncompressed=9_000)
    assert str(Floor(small, SHARE)).startswith("refuse it if it has no rows: by that of ")


def test_shares_are_written_as_inventories_have_them() -> None:
    assert [percent(Decimal(share)) for share in ("30", "5.50", "100", "0")] == [
        "30%",
        "5.5%",
        "100%",
        "0%",
    ]

"""A sample of a column's values tells what they are, and the values themselves are never told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.sanitising import content
from envsync.sanitising.content import by_content

UUIDS = [f"{n:08x}-1111-4111-8111-111111111111" for n in range(30)]
NAMES = ["Ada Lovelace", "Grace Hopper", "Ludwig van Beethoven", "Marie Curie", "Alan Turing"]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["ada@private.example"] * 3, "3 of 3 values look like e-mail addresses"),
        (
            ["nothing", "write to Ada <ada@private.example>"],
            "1 of 2 values look like e-mail addresses",
        ),
        (["@ada", "a@b", "user@localhost"], None),
        (["020 7946 0958", "+44 7911 123456"], "2 of 2 values look like telephone numbers"),
        (["+1 202-456-1111"], "1 of 1 values look like telephone numbers"),
        (["+49 30 227 32152"], "1 of 1 values look like telephone numbers"),
        (["123456789", "0", "00", "42"], None),
        (["2026-11-20", "0.1234567", "(none)"], None),
        (["SW1A 1AA", "m1 1ae", "EC1A1BB"], "3 of 3 values look like postcodes"),
        (["K1A 0B1", "1012 AB", "90210-1234"], "3 of 3 values look like postcodes"),
        (["10.1.2.3", "2001:db8::1"], "2 of 2 values look like IP addresses"),
        (["1.2", "10", ""], None),
        (["$2a$10$N9qo8uLOickgx2ZMRZoMye"], "1 of 1 values look like hashes of passwords"),
        (["$argon2id$v=19$m=65536"], "1 of 1 values look like hashes of passwords"),
        (["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"], "1 of 1 values look like tokens or keys"),
        (["ghp_16C7e42F292c6912E7710c838347Ae178B4a"], "1 of 1 values look like tokens or keys"),
        (["9f86d081884c7d659a2feaa0c55ad015"], "1 of 1 values look like tokens or keys"),
        (["q8Zr2LxT0vNn5KdW7bYc"], "1 of 1 values look like tokens or keys"),
        (UUIDS, None),
        (["00000000000000000000000000000000"], None),
        (["a-rather-long-slug-of-a-page-in-2026"] * 2 + ["guidance"] * 9, None),
        (
            ["QQ 12 34 56 C", "AB123456C"],
            "1 of 2 values look like numbers of people's papers or cards",
        ),
        (["4111 1111 1111 1111"], "1 of 1 values look like numbers of people's papers or cards"),
        (["4111 1111 1111 1112"], None),
        ([*NAMES * 6], None),
        (
            [
                f"{first} {last}"
                for first in ("Ada", "Bo", "Cy", "Di", "Eve")
                for last in ("Hill", "Moss", "Rye", "Fox", "Day")
            ],
            "most of 25 values look like names of people",
        ),
        (["Apply for a passport", "Register to vote"] * 15, None),
        (
            [f"{1940 + n}-03-04" for n in range(0, 60, 2)],
            "most of 30 values look like dates of birth",
        ),
        ([f"2026-03-{n:02}" for n in range(1, 29)], None),
        ([], None),
        (["", " "], None),
    ],
)
def test_values_tell_what_they_are(values: list[str], what: str | None) -> None:
    assert by_content(values) == what


@given(st.lists(st.text(min_size=4), min_size=1, max_size=30))
def test_no_value_is_ever_told(values: list[str]) -> None:
    told = by_content([f"ada@private.example {value}" for value in values])
    assert told == f"{len(values):,} of {len(values):,} values look like e-mail addresses"


@given(st.text())
def test_whatever_a_value_is_it_is_looked_at(value: str) -> None:
    by_content([value] * 25)
    assert content.entropy(value) >= 0

"""What is shown of values that nobody may read."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from envsync.gateways.trial.masking import folded, masked, shown


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        (None, "NULL"),
        ("", "''"),
        ("m", "***"),
        ("no", "***"),
        ("yes", "***"),
        ("male", "xxx"),
        ("female", "xxx"),
        ("12345", "999"),
        ("john.smith@example.org", "xxx.xxx@xxx.xxx"),
        ("jo@x.org", "xxx@xxx.xxx"),
        ("+44 20 7946 0958", "+999 999 999 999"),
        ("SW1A 1AA", "xxx999xxx 999xxx"),
        ("203.0.113.7", "999.999.999.999"),
        ("Ünïcode Näme", "xxx xxx"),
        ('{"name": "x"}', "*xxx*: *xxx*"),
        ("many words that go on and on", "xxx xxx xxx xxx xxx xxx …"),
    ],
)
def test_a_mask_shows_kinds_of_characters_and_not_how_many(value: str | None, mask: str) -> None:
    assert masked(value) == mask


@given(some.text())
def test_no_letter_and_no_digit_of_a_value_is_in_its_mask(value: str) -> None:
    left = set(masked(value)) - set("x9*'…@.:/+(),_ -")
    assert left == set()


@given(some.text(min_size=4, alphabet=some.characters(categories=["L"])))
def test_all_words_have_one_mask(value: str) -> None:
    assert masked(value) == "xxx"


@pytest.mark.parametrize(
    ("first", "second"),
    [("Ada@Example.org", "ada example.ORG"), ("07700 900-001", "(07700)900001")],
)
def test_case_spaces_and_punctuation_make_no_other_value(first: str, second: str) -> None:
    assert folded(first) == folded(second)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        ("", "''"),
        ("plain", "plain"),
        ("two\nlines\x1b[31m", "two·lines·[31m"),
        ("x" * 49, f"{'x' * 48}…"),
    ],
)
def test_what_is_shown_takes_one_line_and_no_terminal_for_more(
    value: str | None, text: str
) -> None:
    assert shown(value) == text

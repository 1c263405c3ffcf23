"""Numbers read the way people say them."""

from datetime import timedelta

import pytest

from envsync.reporting.format import age_text, bytes_text, count_text, seconds_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0s"),
        (0.4, "0s"),
        (12, "12s"),
        (59.6, "1m00s"),
        (3 * 60 + 12, "3m12s"),
        (3599.7, "1h00m"),
        (2 * 3600 + 5 * 60 + 59, "2h05m"),
        (30 * 3600, "30h00m"),
    ],
)
def test_a_duration_is_shown_by_its_two_largest_units(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (int(1.3 * 1024**3), "1.3 GiB"),
        (5 * 1024**4, "5.0 TiB"),
        (2000 * 1024**4, "2,000.0 TiB"),
    ],
)
def test_a_size_is_shown_in_its_largest_fitting_unit(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_a_count_has_its_thousands_apart() -> None:
    assert count_text(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=40), "40s"),
        (timedelta(minutes=12, seconds=59), "12m"),
        (timedelta(hours=3, minutes=59), "3h"),
        (timedelta(days=2, hours=4), "2d 4h"),
        (timedelta(days=1), "1d 0h"),
    ],
)
def test_an_age_is_shown_roughly(age: timedelta, text: str) -> None:
    assert age_text(age) == text

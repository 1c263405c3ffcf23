"""Tests of what PostgreSQL's versions are called."""

import pytest

from envsync.dbms.postgresql_clients import major


@pytest.mark.parametrize(
    ("version", "number"),
    [("15.18 (Debian 15.18-0+deb12u1)", 15), ("18.4", 18), ("19beta2", 19), ("19devel", 19)],
)
def test_the_major_version_is_the_first_number(version: str, number: int) -> None:
    assert major(version) == number

"""Every kind of store, for tests that ask for a place or for a bucket behind a proxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateways.storage.places import (
    Place,
    Reached,
    file_place,
    reached_through_proxy,
    s3_place,
)


@pytest.fixture(params=["file", "moto", "rclone"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "file":
        return file_place(tmp_path)
    request.getfixturevalue("aws_environment")
    return s3_place(request.getfixturevalue(f"{request.param}_server"))


@pytest.fixture(params=["moto", "rclone"])
def reached(request: pytest.FixtureRequest) -> Iterator[Reached]:
    request.getfixturevalue("aws_environment")
    with reached_through_proxy(request.getfixturevalue(f"{request.param}_server")) as reached:
        yield reached

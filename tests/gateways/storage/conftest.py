"""Every kind of store, for tests that ask for a place or for a bucket behind a proxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateways.storage.places import (
    Place,
    Reached,
    file_place,
    reached_through_proxy,
    rsync_place,
    s3_place,
)


@pytest.fixture(params=["file", "moto", "rclone", "rsync"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return make_place(request, tmp_path)


@pytest.fixture(params=["file", "moto", "rclone"])
def quick_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for many examples: every call of rsync takes its tenth of a second."""
    return make_place(request, tmp_path)


def make_place(request: pytest.FixtureRequest, folder: Path) -> Place:
    if request.param == "file":
        return file_place(folder)
    if request.param == "rsync":
        return rsync_place(request.getfixturevalue("rsync_server"), folder)
    request.getfixturevalue("aws_environment")
    return s3_place(request.getfixturevalue(f"{request.param}_server"))


@pytest.fixture(params=["moto", "rclone"])
def reached(request: pytest.FixtureRequest) -> Iterator[Reached]:
    request.getfixturevalue("aws_environment")
    with reached_through_proxy(request.getfixturevalue(f"{request.param}_server")) as reached:
        yield reached

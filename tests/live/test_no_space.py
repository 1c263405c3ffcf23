"""Disks that are too small: refused where it can be foreseen, cleaned up where it cannot."""

import os
from collections.abc import Iterator

import pytest

from tests.live.site import Site
from tests.live.stored import only
from tests.live.untouched import assert_failed, assert_refused
from tests.servers.small_disk import small_disk

pytestmark = pytest.mark.live

NOISE = (
    "INSERT INTO notes SELECT n, NULL, (SELECT string_agg(md5(random()::text || m + n), '') "
    "FROM generate_series(1, 100) m) FROM generate_series(1000, 1200) n"
)
"""Some 600 kB that no compression makes much smaller."""


def test_a_target_without_room_beside_the_live_database_is_refused(pushed: Site) -> None:
    pushed.write(integration={"servers.postgres.disk": "1MiB"})
    stored = pushed.artefacts()
    assert_refused(
        pushed,
        pushed.run("pull", "app"),
        "no space on postgres beside the live database: about",
        stored,
    )


def test_a_sync_into_a_target_without_room_is_refused_before_its_push(site: Site) -> None:
    site.write(integration={"servers.postgres.disk": "1MiB"})
    ran = site.run("sync", "app")
    assert_refused(site, ran, "no space on postgres beside the live database: about", [])


@pytest.fixture
def small_storage(site: Site) -> Iterator[Site]:
    """A site whose production keeps its artefacts on a disk of 256 KiB."""
    with small_disk(site.folder / "artefacts" / "production", "256k"):
        yield site


def test_a_disk_that_fills_up_during_a_push_leaves_nothing_behind(small_storage: Site) -> None:
    small_storage.production.run(NOISE, small_storage.source)
    ran = small_storage.run("sync", "app")
    assert_failed(
        small_storage, ran, "the disk is full; make room, or name a larger one as storage"
    )


def test_a_storage_with_less_room_than_the_last_artefact_took_is_refused(
    small_storage: Site,
) -> None:
    assert small_storage.run("push", "app", "--env", "production").code == 0
    size = only(small_storage).dump.stat().st_size
    filler = small_storage.folder / "artefacts" / "production" / "filler"
    free = os.statvfs(filler.parent).f_bavail * 4096
    filler.write_bytes(b"x" * (free - size // 4096 * 4096))
    stored = small_storage.artefacts()
    ran = small_storage.run("sync", "app")
    assert_refused(small_storage, ran, "no space in file://", stored)

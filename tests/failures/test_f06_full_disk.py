"""F6: a disk fills up: of the storage, of the spool, of the server; the next run has room again."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.aftermath import SYNC, assert_aftermath
from tests.failures.postgresql_scene import PostgresqlScene, postgresql_scene
from tests.servers.postgresql import Postgresql, own_servers
from tests.servers.rsync import RsyncServer
from tests.servers.small_disk import small_disk

pytestmark = pytest.mark.live

NOISE = """
INSERT INTO notes SELECT n, NULL, (SELECT string_agg(md5(random()::text || m + n), '')
  FROM generate_series(1, 100) m) FROM generate_series(1000, 1200) n
"""
"""Some 600 kB that no compression makes much smaller."""
QUIET = "DELETE FROM notes WHERE id >= 1000"
FLOOD = """
INSERT INTO notes SELECT n, NULL, repeat('x', 1900) FROM generate_series(2000, 90000) n;
"""
"""Some 170 MB, more than the small server has."""


def test_a_storage_that_fills_up_during_a_push(scene: PostgresqlScene) -> None:
    assert scene.run(*SYNC).code == 0
    old = scene.served()
    with small_disk(scene.folder / "artefacts" / "production", "256k"):
        scene.next_run()
        scene.site.production.run(NOISE, scene.site.source)
        ended = scene.run(*SYNC)
        assert "the disk is full; make room, or name a larger one as storage" in ended.err
        scene.site.production.run(QUIET, scene.site.source)
        assert_aftermath(scene, ended, old)


def test_a_spool_that_fills_up_during_a_push(
    scene: PostgresqlScene, rsync_server: RsyncServer, tmp_path: Path
) -> None:
    (rsync_server.root("locked") / tmp_path.name).mkdir()
    scene.site.storage = {
        "backend": "rsync",
        "host": "127.0.0.1",
        "port": rsync_server.port,
        "module": f"locked/{tmp_path.name}",
        "user": "envsync",
        "password": {"file": str(rsync_server.password)},
    }
    scene.change("production", "defaults.temppath", str(scene.folder / "temporary"))
    assert scene.run(*SYNC).code == 0
    old = scene.served()
    with small_disk(scene.folder / "temporary", "256k"):
        scene.next_run()
        scene.site.production.run(NOISE, scene.site.source)
        ended = scene.run(*SYNC)
        assert "full" in ended.err
        scene.site.production.run(QUIET, scene.site.source)
        assert_aftermath(scene, ended, old)


@pytest.fixture
def small_server(tmp_path: Path, postgresql: Postgresql) -> Iterator[PostgresqlScene]:
    """A site whose integration has 120 MB for all its databases; its log lies elsewhere."""
    with own_servers("small") as (small,):
        small.kill()
        base, aside = small.folder / "data" / "base", small.folder / "data" / "aside"
        base.rename(aside)
        base.mkdir()
        owner = aside.stat()
        with small_disk(base, f"120m,uid={owner.st_uid},gid={owner.st_gid}"):
            subprocess.run(("/usr/bin/cp", "-a", f"{aside}/.", str(base)), check=True)
            small.start()
            with postgresql_scene(tmp_path, postgresql.production, small) as made:
                yield made
            small.kill()


def test_a_server_that_fills_up_during_a_pull(small_server: PostgresqlScene) -> None:
    assert small_server.run(*SYNC).code == 0
    old = small_server.served()
    small_server.next_run(FLOOD)
    ended = small_server.run(*SYNC)
    assert "could not extend file" in ended.err
    small_server.next_run()
    assert_aftermath(small_server, ended, old)

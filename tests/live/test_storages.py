"""The whole road through rsync: a folder, a daemon with a password, SSH; and what goes wrong."""

import os
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.test_no_space import NOISE
from tests.live.untouched import OLD
from tests.servers.ports import free_port
from tests.servers.postgresql import Postgresql
from tests.servers.proxy import proxying
from tests.servers.rsync import RsyncServer, SshServer
from tests.servers.small_disk import small_disk
from tests.servers.waiting import until

pytestmark = pytest.mark.live

LONG_AGO = time.time() - 2 * 86400


def daemon(server: RsyncServer, root: Path) -> dict[str, Any]:
    """Return a folder in a module as an inventory names it."""
    return {
        "backend": "rsync",
        "host": "127.0.0.1",
        "port": server.port,
        "module": f"locked/{root.name}",
        "user": "envsync",
        "password": {"file": str(server.password)},
    }


def shell(server: SshServer, root: Path) -> dict[str, Any]:
    """Return a folder behind SSH as an inventory names it."""
    place = asdict(server.storage(root))
    place.pop("age")
    return {"backend": "rsync", **{name: value for name, value in place.items() if value}}


@pytest.fixture
def root(rsync_server: RsyncServer) -> Path:
    made = rsync_server.root("locked") / uuid4().hex
    made.mkdir()
    return made


@pytest.fixture(params=["folder", "daemon", "ssh"])
def storage(request: pytest.FixtureRequest, root: Path) -> dict[str, Any]:
    if request.param == "folder":
        return {"backend": "rsync", "directory": str(root)}
    if request.param == "daemon":
        return daemon(request.getfixturevalue("rsync_server"), root)
    return shell(request.getfixturevalue("ssh_server"), root)


@pytest.fixture
def rsync_site(tmp_path: Path, postgresql: Postgresql, storage: dict[str, Any]) -> Iterator[Site]:
    with temporary_site(tmp_path, postgresql, storage) as made:
        yield with_temppath(made)


@pytest.fixture
def daemon_site(
    tmp_path: Path, postgresql: Postgresql, rsync_server: RsyncServer, root: Path
) -> Iterator[Site]:
    with temporary_site(tmp_path, postgresql, daemon(rsync_server, root)) as made:
        yield with_temppath(made)


@pytest.fixture(scope="module")
def refusing_site(
    tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql, rsync_server: RsyncServer
) -> Iterator[Site]:
    """One site for the tests of runs that touch nothing."""
    root = rsync_server.root("locked") / uuid4().hex
    root.mkdir()
    folder = tmp_path_factory.mktemp("site")
    with temporary_site(folder, postgresql, daemon(rsync_server, root)) as made:
        yield made


def with_temppath(site: Site, **production: Any) -> Site:
    """Have both environments spool in a folder of the test's own."""
    folder = {"defaults": {"temppath": str(site.folder / "temporary")}}
    (site.folder / "temporary").mkdir(exist_ok=True)
    site.write(production={**folder, **production}, integration=folder)
    return site


def spools(site: Site) -> list[str]:
    return [path.name for path in (site.folder / "temporary").iterdir()]


def stored(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def assert_refused(site: Site, sentence: str) -> None:
    ran = site.run("sync", "app")
    assert (ran.code, sentence in ran.err, "Traceback" in ran.err) == (2, True, False), ran.err
    assert (site.people(), site.databases(), spools(site)) == (OLD, {"live"}, [])


def test_a_database_travels_by_rsync_sanitised_and_leaves_no_spool(
    rsync_site: Site, root: Path
) -> None:
    ran = rsync_site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert {email.partition("@")[2] for _, email, _ in rsync_site.people()} == {"example.com"}
    dump, manifest = stored(root)
    assert manifest == f"{dump}.manifest.json"
    assert spools(rsync_site) == []
    folder = root / "postgresql-backend"
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_backups_by_rsync_are_listed_and_can_be_named(daemon_site: Site) -> None:
    assert daemon_site.run("push", "app", "--env", "production").code == 0
    (stamp,) = [
        word
        for word in daemon_site.run("backups", "app", "--env", "production").out.split()
        if word.startswith("20")
    ]
    ran = daemon_site.run("pull", "app", "--timestamp", stamp)
    assert (ran.code, len(daemon_site.people())) == (0, 500), ran.err


def test_a_dry_run_says_how_much_temporary_disk_rsync_takes(daemon_site: Site, root: Path) -> None:
    assert daemon_site.run("push", "app", "--env", "production").code == 0
    before = stored(root)
    shown = "".join(daemon_site.run(half, "app", "--dry-run").out for half in ("push", "pull"))
    where = f"spool in {daemon_site.folder}/temporary: as much temporary disk as the artefact takes"
    assert shown.count(f"{where}, about 1 MiB") == 2
    assert (stored(root), spools(daemon_site)) == (before, [])


def test_a_plan_says_which_steps_take_temporary_disk(daemon_site: Site) -> None:
    shown = daemon_site.run("plan").out
    assert (
        f"spooled in {daemon_site.folder}/temporary: the artefact of each of steps 1, 2"
        in " ".join(shown.split())
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"module": "nothing"}, "the daemon knows no such module; correct module:"),
        ({"module": "locked/absent"}, "there is no folder there; name a module: or directory:"),
        ({"user": "somebody"}, "the daemon refuses 'somebody' or its password; correct user:"),
        ({"module": "reading"}, "the module is read only; say 'read only = no'"),
        ({"module": "keeping"}, "the daemon refuses deletions, which envsync needs"),
        ({"host": "no-such-host.invalid"}, "no-such-host.invalid"),
        ({"password": {"env": "NO_SUCH"}}, "the environment variable 'NO_SUCH' is not set"),
    ],
    ids=["module", "folder", "user", "read-only", "no-delete", "host", "no-password"],
)
def test_a_daemon_that_cannot_serve_is_told_before_anything_is_touched(
    refusing_site: Site, change: dict[str, Any], sentence: str
) -> None:
    changes = {f"storage.{key}": value for key, value in change.items()}
    assert_refused(with_temppath(refusing_site, **changes), sentence)


def test_a_daemon_that_nobody_reaches_is_told(refusing_site: Site) -> None:
    port = free_port()
    with_temppath(refusing_site, **{"storage.port": port})
    assert_refused(refusing_site, f"cannot write rsync://127.0.0.1:{port}/")


def test_a_wrong_password_is_told_and_not_repeated(refusing_site: Site) -> None:
    wrong = refusing_site.folder / "wrong"
    wrong.write_text("Wr0ng: ;'\"")
    wrong.chmod(0o600)
    with_temppath(refusing_site, **{"storage.password": {"file": str(wrong)}})
    assert_refused(refusing_site, "the daemon refuses 'envsync' or its password")
    assert "Wr0ng" not in refusing_site.run("push", "app", "--env", "production").err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"known_hosts": "/dev/null"}, "ssh does not know the host's key, and trusts none"),
        ({"identity": "/dev/null"}, "correct user: or identity:, or add the key"),
        ({"user": "no-such-user"}, "ssh refuses 'no-such-user'; correct user: or identity:"),
        ({"directory": "/no/such/folder"}, "there is no folder there; name a module: or"),
    ],
    ids=["host key", "key", "user", "folder"],
)
def test_a_host_that_ssh_does_not_reach_is_told_before_anything_is_touched(
    refusing_site: Site, ssh_server: SshServer, change: dict[str, Any], sentence: str
) -> None:
    storage = {**shell(ssh_server, refusing_site.folder), **change}
    assert_refused(with_temppath(refusing_site, storage=storage), sentence)


def test_a_temporary_folder_that_is_not_there_is_refused(refusing_site: Site) -> None:
    changes = {"defaults": {"temppath": str(refusing_site.folder / "absent")}}
    refusing_site.write(production=changes)
    assert_refused(refusing_site, "name a folder that exists, has room and may be written")


def test_a_killed_upload_leaves_nothing_listed_and_the_next_run_sweeps(
    daemon_site: Site, rsync_server: RsyncServer, root: Path
) -> None:
    daemon_site.production.run(NOISE, daemon_site.source)
    with proxying(rsync_server.port) as proxy:
        with_temppath(daemon_site, **{"storage.port": proxy.port})
        proxy.fall_silent("requests", 200_000)
        running = daemon_site.start("push", "app", "--env", "production")
        until(lambda: any(name.startswith(".20") for name in stored(root)), "a half upload")
        running.send_signal(signal.SIGKILL)
        running.communicate()
        with_temppath(daemon_site)
        assert "has no artefacts" in daemon_site.run("backups", "app", "--env", "production").out
    (left,) = spools(daemon_site)
    os.utime(daemon_site.folder / "temporary" / left, (LONG_AGO, LONG_AGO))
    ran = daemon_site.run("sync", "app")
    assert (ran.code, len(stored(root)), spools(daemon_site)) == (0, 2, []), ran.err


def test_what_a_daemon_left_when_it_was_killed_is_swept_a_day_later(
    daemon_site: Site, root: Path
) -> None:
    folder = root / "postgresql-backend"
    folder.mkdir()
    old = folder / ".2026-11-20T02:40:00Z-app.dump.zst.aB3xY9"
    young = folder / ".2026-11-20T02:40:00Z-app.dump.zst.aB3xY8"
    others = folder / ".somebody-else.aB3xY7"
    for file in (old, young, others):
        file.write_bytes(b"half")
    for file in (old, others):
        os.utime(file, (LONG_AGO, LONG_AGO))
    assert daemon_site.run("push", "app", "--env", "production").code == 0
    assert (old.exists(), young.exists(), others.exists()) == (False, True, True)


def test_an_interrupted_upload_is_cleared_up_on_both_sides(
    daemon_site: Site, rsync_server: RsyncServer, root: Path
) -> None:
    daemon_site.production.run(NOISE, daemon_site.source)
    with proxying(rsync_server.port) as proxy:
        with_temppath(daemon_site, **{"storage.port": proxy.port})
        proxy.fall_silent("requests", 200_000)
        running = daemon_site.start("push", "app", "--env", "production")
        until(lambda: any(name.startswith(".20") for name in stored(root)), "a half upload")
        running.send_signal(signal.SIGTERM)
        until(lambda: spools(daemon_site) == [], "the spool to go", 40)
        proxy.heal()
        _, err = running.communicate(timeout=60)
    assert (running.returncode, "interrupted by SIGTERM" in err) == (1, True), err
    until(lambda: stored(root) == [], "the daemon to clear up")


@pytest.fixture
def small_spool(daemon_site: Site) -> Iterator[Site]:
    """A site that spools on a small disk."""
    with small_disk(daemon_site.folder / "temporary", "256k"):
        yield daemon_site


def test_a_spool_that_fills_up_fails_the_push_and_leaves_nothing(
    small_spool: Site, root: Path
) -> None:
    small_spool.production.run(NOISE, small_spool.source)
    ran = small_spool.run("sync", "app")
    assert ran.code == 1
    assert "the disk is full; make room, or name a larger one as temppath: or TMPDIR" in ran.err
    assert (small_spool.people(), stored(root), spools(small_spool)) == (OLD, [], [])


def test_a_spool_with_less_room_than_the_last_artefact_took_is_refused(
    small_spool: Site, root: Path
) -> None:
    small_spool.production.run(NOISE, small_spool.source)
    large = {"defaults": {"temppath": str(small_spool.folder)}}
    small_spool.write(production=large)
    assert small_spool.run("push", "app", "--env", "production").code == 0
    with_temppath(small_spool)
    before = stored(root)
    for half in ("push", "pull"):
        ran = small_spool.run(half, "app")
        assert (ran.code, "no space in" in ran.err) == (2, True), ran.err
    assert (small_spool.people(), stored(root)) == (OLD, before)


def test_a_daemon_whose_disk_fills_up_fails_the_push_and_leaves_nothing(
    daemon_site: Site, rsync_server: RsyncServer
) -> None:
    daemon_site.production.run(NOISE, daemon_site.source)
    with_temppath(daemon_site, **{"storage.module": "small"})
    small = rsync_server.root("small")
    with small_disk(small, "256k"):
        ran = daemon_site.run("push", "app", "--env", "production")
        assert (ran.code, "the disk there is full; make room" in ran.err) == (1, True), ran.err
        until(lambda: stored(small) == [], "the daemon to clear up")
    assert spools(daemon_site) == []

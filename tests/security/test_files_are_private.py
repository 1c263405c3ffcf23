"""Whatever envsync writes is its user's alone, whichever umask it is run with."""

import os
import stat
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.live.mongo_site import mongo_site
from tests.live.mysql_site import mysql_site
from tests.live.program import PATIENCE, argv
from tests.live.scratch import make_scratch
from tests.live.temporary import temporary_site
from tests.live.test_storages import daemon
from tests.security.test_secrets_stay_secret import TASKS
from tests.servers.mariadb import Mariadb
from tests.servers.mongod import Mongo
from tests.servers.postgresql import Postgresql, PostgresqlServer
from tests.servers.rsync import RsyncServer

pytestmark = pytest.mark.live

MEMORY = Path("/dev/shm")
EXCEPTED = {"rebooting", "drafted.columns.yaml"}
"""What is made for others to read: the file that keeps a machine from rebooting, and drafts."""


class Modes:
    """The modes of all that appears below some folders, for however short a time."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._before = {str(path) for path in self._all()}
        self.seen: dict[str, set[int]] = {}

    def _all(self) -> Iterator[Path]:
        for top in (*self._folders, *MEMORY.glob("envsync-*")):
            yield top
            # A folder that goes meanwhile has nothing in it any more.
            for folder, folders, files in os.walk(top):
                yield from (Path(folder, name) for name in (*folders, *files))

    def look(self) -> None:
        for path in self._all():
            if str(path) in self._before or path.is_symlink():
                continue
            try:
                found = path.stat()
            except OSError:
                continue
            kind = stat.S_IFMT(found.st_mode)
            if kind in {stat.S_IFREG, stat.S_IFDIR}:
                self.seen.setdefault(str(path), set()).add(found.st_mode)

    @contextmanager
    def looking(self) -> Iterator[None]:
        done = threading.Event()

        def keep_looking() -> None:
            while not done.is_set():
                self.look()
                time.sleep(0.005)

        thread = threading.Thread(target=keep_looking)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.look()

    def wrong(self) -> list[str]:
        """Name what others may do anything with, or its owner too little."""
        found = []
        for path, modes in self.seen.items():
            for mode in modes if Path(path).name not in EXCEPTED else ():
                usual = 0o700 if stat.S_ISDIR(mode) else 0o600
                if stat.S_IMODE(mode) != usual:
                    found.append(f"{stat.S_IMODE(mode):04o} {path}")
        return sorted(found)


def run(folder: Path, environment: Mapping[str, str], umask: str, request: str) -> tuple[int, str]:
    """Run the program as a shell with a umask would."""
    done = subprocess.run(
        ("/bin/sh", "-c", f'umask {umask}; exec "$@"', "sh", *argv(*request.split())),
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("umask", ["0000", "0077"])
def test_every_task_leaves_files_of_its_user_alone(
    tmp_path: Path, postgresql: Postgresql, scratch_postgresql: PostgresqlServer, umask: str
) -> None:
    with temporary_site(tmp_path, postgresql) as site:
        for name in ("temporary", "reboots"):
            (tmp_path / name).mkdir()
        scratch = make_scratch(scratch_postgresql)
        lock = {"directory": str(tmp_path / "reboots"), "name": "rebooting"}
        site.write(
            production={
                "servers.scratch": scratch.entry(),
                "databases.app.verify": {},
                "retention": {"keep_daily": 1, "keep_weekly": 1, "keep_monthly": 1},
                "reboot_lock": lock,
            },
            integration={"reboot_lock": lock},
        )
        site.environment |= {
            "TMPDIR": str(tmp_path / "temporary"),
            "ENVSYNC_STATE": str(tmp_path / "some" / "where" / "state"),
        }
        site.decide()
        modes = Modes(tmp_path)
        with modes.looking():
            for request in ("push app --env production", *(TASKS[task][0] for task in TASKS)):
                code, said = run(tmp_path, site.environment, umask, request)
                assert code in {0, 1}, said
        assert modes.wrong() == []
        names = {Path(path).name for path in modes.seen}
        assert {"journal.sqlite", "journal.sqlite-journal", "locks", "rebooting", "where"} <= names
        assert any(name.endswith(".verification.json") for name in names)


@pytest.mark.parametrize("umask", ["0000", "0077"])
def test_what_passes_through_a_spool_is_its_user_s_alone(
    tmp_path: Path, postgresql: Postgresql, rsync_server: RsyncServer, umask: str
) -> None:
    """On this machine, in memory, and on the other side."""
    root = rsync_server.root("locked") / uuid4().hex
    root.mkdir()
    with temporary_site(tmp_path, postgresql, daemon(rsync_server, root)) as site:
        (tmp_path / "temporary").mkdir()
        site.environment["TMPDIR"] = str(tmp_path / "temporary")
        site.decide()
        modes = Modes(tmp_path, root)
        with modes.looking():
            code, said = run(tmp_path, site.environment, umask, "sync app")
        assert code == 0, said
        assert modes.wrong() == []
        names = {Path(path).name for path in modes.seen}
        assert any(name.startswith("envsync-spool-") for name in names)
        assert any(name.endswith(".dump.zst") for name in names)


@pytest.mark.parametrize("umask", ["0000", "0077"])
def test_mariadb_s_files_are_its_user_s_alone(tmp_path: Path, mariadb: Mariadb, umask: str) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        site.decide()
        assert_private(tmp_path, site.environment, umask)


@pytest.mark.parametrize("umask", ["0000", "0077"])
def test_mongodb_s_files_are_its_user_s_alone(tmp_path: Path, mongo: Mongo, umask: str) -> None:
    with mongo_site(tmp_path, mongo) as site:
        site.decide()
        assert_private(tmp_path, site.environment, umask)


def assert_private(folder: Path, environment: dict[str, str], umask: str) -> None:
    """A sync and a rollback write nothing that is for others."""
    (folder / "temporary").mkdir()
    environment["TMPDIR"] = str(folder / "temporary")
    modes = Modes(folder)
    with modes.looking():
        for request in ("sync app", "rollback app --env integration"):
            code, said = run(folder, environment, umask, request)
            assert code == 0, said
    assert modes.wrong() == []
    assert len(modes.seen) > 5

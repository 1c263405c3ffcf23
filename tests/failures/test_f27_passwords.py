"""F27: passwords with colons, quotes and escapes open every server, and are seen nowhere."""

import base64
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.mongo_scene import MongoScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.search_scene import SearchScene
from tests.live.mysql_site import SANITISED, mysql_site
from tests.live.program import PATIENCE, Ran
from tests.live.watching import watched
from tests.servers import mariadb as mariadb_servers
from tests.servers import mongod, postgresql
from tests.servers.gateway import gateway
from tests.servers.mariadb import Mariadb
from tests.servers.waiting import another_second

pytestmark = pytest.mark.live

HOSTILE = 'a:b@c\'s \\"d" %2F=ü€'


def pieces(password: str) -> set[bytes]:
    """Return the forms in which a password could show: as it is, escaped, quoted, encoded."""
    encoded = base64.b64encode(f"envsync:{password}".encode()).rstrip(b"=")
    forms = (password, quote(password), quote(password, safe=""), json.dumps(password)[1:-1])
    return {encoded[12:], *(form[-12:].encode() for form in forms)}


def run_watched(folder: Path, password: str, program: "subprocess.Popen[str]") -> Ran:
    """Wait for a run's end; the password is in nothing that it said, stored, or showed in /proc."""
    seen = watched(program)
    out, err = program.communicate(timeout=PATIENCE)
    assert seen
    assert_unseen(password, (out.encode(), err.encode(), *seen, *stored(folder)))
    return Ran(program.returncode, out, err)


def stored(folder: Path) -> Iterable[bytes]:
    return (file.read_bytes() for file in folder.rglob("*") if file.is_file())


def assert_unseen(password: str, texts: Iterable[bytes]) -> None:
    shown = pieces(password)
    assert [(piece, text) for text in texts for piece in shown if piece in text] == []


def test_on_postgresql(scene: PostgresqlScene) -> None:
    old = scene.served()
    program = scene.site.start("sync", "app")
    ended = run_watched(scene.folder, postgresql.PASSWORD, program)
    assert_aftermath(scene, ended, old, Serves.FRESH)


def test_on_mariadb(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        password = mariadb_servers.PASSWORD
        ended = run_watched(tmp_path, password, site.start("sync", "app"))
        assert (ended.code, site.people()) == (0, SANITISED), ended.err
        another_second()
        assert site.run("sync", "app").code == 0
        assert site.schemas() == {"live", "__previous"}


def test_on_mongodb(mongo_scene: MongoScene) -> None:
    old = mongo_scene.served()
    program = mongo_scene.site.start("sync", "app")
    ended = run_watched(mongo_scene.folder, mongod.PASSWORD, program)
    assert_aftermath(mongo_scene, ended, old, Serves.FRESH)


def test_on_a_search_cluster(search_scene: SearchScene) -> None:
    site, old = search_scene.site, search_scene.served()
    access = {"servers.search.user": "envsync", "servers.search.password": {"env": "SECRET"}}
    site.environment["SECRET"] = HOSTILE
    with (
        gateway(site.production.port, "envsync", HOSTILE) as source,
        gateway(site.integration.port, "envsync", HOSTILE) as target,
    ):
        site.ports |= {"production": source.port, "integration": target.port}
        site.write(production=access, integration=access)
        ended = run_watched(search_scene.folder, HOSTILE, site.start("sync", "search"))
        assert_aftermath(search_scene, ended, old, Serves.FRESH, ("sync", "search"))


@pytest.mark.parametrize("environment", ["production", "integration"])
def test_a_wrong_password_is_told_and_not_shown(scene: PostgresqlScene, environment: str) -> None:
    old = scene.served()
    scene.site.environment["WRONG"] = HOSTILE
    scene.site.write(**{environment: {"servers.postgres.password": {"env": "WRONG"}}})
    ended = run_watched(scene.folder, HOSTILE, scene.site.start("sync", "app"))
    assert (ended.code, "password authentication failed" in ended.err) == (2, True), ended.err
    scene.site.write()
    assert_aftermath(scene, ended, old)

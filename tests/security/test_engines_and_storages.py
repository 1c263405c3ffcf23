"""The same on every other engine, storage and way to report: marked secrets are found nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest

from tests.live.mongo_site import mongo_site
from tests.live.mysql_site import mysql_site
from tests.live.search_site import make_search_site
from tests.live.temporary import temporary_site
from tests.live.test_storages import daemon, shell
from tests.security.marks import Mark, files, leaks, mark
from tests.security.test_secrets_stay_secret import identity, public_half, secret_file
from tests.security.watching import Watch
from tests.servers.icinga import PASSWORD as ICINGA_PASSWORD
from tests.servers.icinga import USER as ICINGA_USER
from tests.servers.icinga import IcingaServer
from tests.servers.mariadb import Mariadb
from tests.servers.mongod import Mongo
from tests.servers.opensearch import SearchClusters
from tests.servers.postgresql import Postgresql
from tests.servers.rsync import RsyncServer, SshServer

pytestmark = pytest.mark.live


class AnySite(Protocol):
    """What the sites of all engines have in common."""

    folder: Path
    environment: dict[str, str]

    def write(self, **inventories: dict[str, Any]) -> None: ...

    def start(self, *arguments: str) -> Any: ...


@dataclass(slots=True)
class Scene:
    """A site, its secrets, and the watch on it."""

    site: AnySite
    marks: list[Mark]
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.site.folder)
        self.watch.prepare()
        temporary = self.site.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        self.site.environment |= {
            "PATH": f"{self.watch.programs}:{self.site.environment['PATH']}",
            "TMPDIR": str(temporary),
            "UNRELATED": self.marked("unrelated").text,
        }
        self.change()

    def marked(self, what: str, text: str | None = None) -> Mark:
        self.marks.append(mark(what) if text is None else mark(what, text))
        return self.marks[-1]

    def change(self, **more: dict[str, Any]) -> None:
        names = ("production", "integration")
        self.site.write(**{each: self.changes.get(each, {}) | more.get(each, {}) for each in names})

    def run(self, *requests: str) -> list[int]:
        """Run the program under watch; returns how each run ended."""
        return [self.watch.run(each, self.site.start(*each.split()))[0] for each in requests]

    def assert_no_leak(self) -> None:
        spared = ("secrets", "inventories")
        kept = [each for each in self.site.folder.iterdir() if each.name not in spared]
        texts = [*self.watch.texts, *files(*kept)]
        texts += [(each.name, each.read_bytes()) for each in kept if each.is_file()]
        assert leaks(self.marks, texts) == []


def wrong_password(scene: Scene, server: str) -> dict[str, Any]:
    made = scene.marked("wrong password")
    return {f"servers.{server}.password": secret_file(scene.site.folder, made)}


@contextmanager
def on_mysql(folder: Path, mariadb: Mariadb) -> Iterator[Scene]:
    source, target = mark("source password"), mark("target password")
    with mysql_site(folder, mariadb) as site:
        for server, name, password in (
            (site.production, "production", source),
            (site.integration, "integration", target),
        ):
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute(
                    f"ALTER USER `{site.accounts[name]}`@`127.0.0.1` IDENTIFIED BY %s",
                    (password.text,),
                )
        site.environment["SOURCE"] = source.text
        changes = {
            "production": {"servers.mysql.password": {"env": "SOURCE"}},
            "integration": {"servers.mysql.password": secret_file(folder, target)},
        }
        yield Scene(site, [source, target], changes)


@contextmanager
def on_mongo(folder: Path, mongo: Mongo) -> Iterator[Scene]:
    source, target = mark("source password"), mark("target password")
    with mongo_site(folder, mongo) as site:
        for server, name, password in (
            (site.production, "production", source),
            (site.integration, "integration", target),
        ):
            with server.client() as client:
                client.admin.command({"updateUser": site.users[name], "pwd": password.text})
        site.environment["SOURCE"] = source.text
        changes = {
            "production": {"servers.mongo.password": {"env": "SOURCE"}},
            "integration": {"servers.mongo.password": secret_file(folder, target)},
        }
        yield Scene(site, [source, target], changes)


def test_no_secret_of_mariadb_is_told_stored_or_shown(tmp_path: Path, mariadb: Mariadb) -> None:
    with on_mysql(tmp_path, mariadb) as scene:
        well = ("sync app --dry-run", "--debug sync app", "nightly --log-format json", "doctor")
        assert scene.run(*well) == [0, 0, 0, 0], scene.watch.texts
        programs = {each.program: each for each in scene.watch.children()}
        (dump,) = programs.values()
        assert (dump.memory_files, dump.names) == ({"my.cnf"}, {"PATH", "HOME", "LANG"})
        for name in ("production", "integration"):
            scene.change(**{name: wrong_password(scene, "mysql")})
            assert 0 not in scene.run("--debug sync app", "nightly --log-format json")
        scene.assert_no_leak()


def test_no_secret_of_mongodb_is_told_stored_or_shown(tmp_path: Path, mongo: Mongo) -> None:
    with on_mongo(tmp_path, mongo) as scene:
        well = ("sync app --dry-run", "--debug sync app", "nightly --log-format json", "doctor")
        assert scene.run(*well) == [0, 0, 0, 0], scene.watch.texts
        assert scene.watch.children() == []
        for name in ("production", "integration"):
            scene.change(**{name: wrong_password(scene, "mongo")})
            assert 0 not in scene.run("--debug sync app", "nightly --log-format json")
        scene.assert_no_leak()


def test_no_secret_of_a_search_cluster_is_told_stored_or_shown(
    tmp_path: Path, opensearch: SearchClusters
) -> None:
    """The clusters ask for no password, and are told one all the same."""
    site = make_search_site(tmp_path, opensearch)
    password = mark("password")
    site.environment["PASSWORD"] = password.text
    known = {"servers.search.user": "envsync", "servers.search.password": {"env": "PASSWORD"}}
    scene = Scene(site, [password], {"production": known, "integration": known})
    well = ("sync search --dry-run", "--debug sync search", "nightly --log-format json", "doctor")
    assert scene.run(*well) == [0, 0, 0, 0], scene.watch.texts
    site.script(sanitise=[{"update": {"indices": ["people"], "script": "nonsense ("}}])
    assert 0 not in scene.run("--debug sync search", "nightly --log-format json")
    scene.assert_no_leak()


@dataclass(frozen=True, slots=True)
class Place:
    """A storage behind rsync: its secrets, and what may be wrong with it."""

    storage: dict[str, Any]
    marks: list[Mark]
    wrong: dict[str, Any]


@pytest.fixture(params=["daemon", "ssh"])
def place(
    request: pytest.FixtureRequest, rsync_server: RsyncServer, tmp_path: Path
) -> Iterator[Place]:
    root = rsync_server.root("locked") / uuid4().hex
    root.mkdir()
    if request.param == "ssh":
        server: SshServer = request.getfixturevalue("ssh_server")
        # The key begins like every other; what is its own stands in the middle.
        key = server.identity.read_text().splitlines()[3]
        marks = [Mark("SSH key", key, key)]
        yield Place(shell(server, root), marks, {"storage.user": "nobody-of-this-name"})
        return
    right, bad = mark("rsync password"), mark("wrong password")
    known = rsync_server.folder / "secrets"
    before = known.read_text()
    known.write_text(f"envsync:{right.text}\n")
    storage = {**daemon(rsync_server, root), "password": secret_file(tmp_path, right)}
    yield Place(storage, [right, bad], {"storage.password": secret_file(tmp_path, bad)})
    known.write_text(before)


def test_no_secret_of_rsync_is_told_stored_or_shown(
    tmp_path: Path, postgresql: Postgresql, place: Place
) -> None:
    key = identity()
    with temporary_site(tmp_path, postgresql, place.storage) as site:
        scene = Scene(site, [*place.marks, key])
        scene.changes["production"] = {
            "storage.encrypt_to": [public_half(key)],
            "storage.decrypt_with": secret_file(tmp_path, key),
        }
        scene.change()
        well = ("sync app --dry-run", "--debug sync app", "nightly --log-format json", "doctor")
        assert scene.run(*well) == [0, 0, 0, 0], scene.watch.texts
        for child in scene.watch.children():
            if child.program == "rsync":
                assert child.memory_files == set()
                assert child.names <= {"PATH", "HOME", "LC_ALL", "TZ", "PWD"}
        scene.change(production=place.wrong)
        assert 0 not in scene.run("--debug sync app", "nightly --log-format json")
        scene.assert_no_leak()


def test_no_secret_of_icinga_s_api_is_told_stored_or_shown(
    tmp_path: Path, postgresql: Postgresql, icinga: IcingaServer
) -> None:
    """It is given right, so that results arrive, and wrong, so that they are kept for later."""
    with temporary_site(tmp_path, postgresql) as site:
        known = Mark("Icinga's password", ICINGA_PASSWORD, ICINGA_PASSWORD[2:])
        scene = Scene(site, [known])
        api = {
            "icinga.transport": "api",
            "icinga.url": f"https://localhost:{icinga.port}",
            "icinga.user": ICINGA_USER,
            "icinga.tls_ca": icinga.ca,
        }
        right = {**api, "icinga.password": {"file": icinga.password.name}}
        bad = secret_file(tmp_path, scene.marked("wrong password"))
        wrong = {**api, "icinga.password": bad}
        scene.change(production=right, integration=right)
        assert scene.run("sync app --dry-run") == [0]
        scene.run("--debug sync app", "doctor")
        scene.change(production=wrong, integration=wrong)
        scene.run("--debug sync app", "nightly --log-format json", "doctor")
        scene.assert_no_leak()

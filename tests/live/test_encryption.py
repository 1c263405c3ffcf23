"""Artefacts encrypted to public keys: nobody else can read them, and everything works as before."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pyrage
import pytest

from tests.live.mongo_site import MongoSite
from tests.live.mysql_site import SANITISED as SANITISED_MYSQL
from tests.live.mysql_site import mysql_site
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.test_mongo_road import SANITISED as SANITISED_MONGO
from tests.live.test_storages import daemon
from tests.live.untouched import assert_failed, assert_refused
from tests.servers.availability import unavailable
from tests.servers.mariadb import Mariadb
from tests.servers.postgresql import PASSWORD, Postgresql
from tests.servers.processes import arguments_of, children_of
from tests.servers.rsync import RsyncServer
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

pytestmark = pytest.mark.live

ZSTD = b"\x28\xb5\x2f\xfd"
"""How every zstd frame begins."""
AGE = b"age-encryption.org/v1\n"


@dataclass(frozen=True, slots=True)
class Key:
    """A private key in a file, and its public half."""

    file: Path
    public: str

    @property
    def keys(self) -> dict[str, Any]:
        """What a storage says that is encrypted to the key, and read with it."""
        return {"encrypt_to": [self.public], "decrypt_with": {"file": str(self.file)}}


def make_key(folder: Path, name: str = "key") -> Key:
    identity = pyrage.x25519.Identity.generate()
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(f"# created: today\n{identity}\n")
    return Key(file, str(identity.to_public()))


def encrypted(site: Site, key: Key, **keys: Any) -> Site:
    """Have a site's production encrypt its artefacts; None takes one of the two keys away."""
    both = {**key.keys, **keys}
    site.write(production={f"storage.{name}": value for name, value in both.items()})
    return site


def stored(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_unreadable(found: Mapping[str, bytes], key: Key, form: str) -> None:
    """There is one artefact, encrypted, with a manifest that says to whom."""
    (name,) = (name for name in found if not name.endswith(".json"))
    assert name.endswith(f".{form}.zst.age")
    assert found[name].startswith(AGE)
    assert ZSTD not in found[name]
    manifest = json.loads(found[f"{name}.manifest.json"])
    assert manifest["encrypted_to"] == [key.public]
    assert (manifest["format"], manifest["bytes"]) == (f"{form}.zst.age", len(found[name]))


def with_programs(*names: str) -> str:
    """Return a shell that finds some programs."""
    for name in names:
        if shutil.which(name) is None:
            unavailable(f"install the Debian package {name}")
    return "/bin/sh"


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return make_key(tmp_path)


@pytest.fixture
def encrypting(site: Site, key: Key) -> Site:
    return encrypted(site, key)


@pytest.fixture
def rsync_folder(rsync_server: RsyncServer) -> Path:
    made = rsync_server.root("locked") / uuid4().hex
    made.mkdir()
    return made


def test_a_database_travels_encrypted_through_a_folder(encrypting: Site, key: Key) -> None:
    ran = encrypting.run("sync", "app")
    assert (ran.code, len(encrypting.people())) == (0, 500), ran.err
    assert_unreadable(stored(encrypting.folder / "artefacts" / "production"), key, "dump")


def test_a_database_travels_encrypted_by_rsync(
    tmp_path: Path, key: Key, postgresql: Postgresql, rsync_server: RsyncServer, rsync_folder: Path
) -> None:
    storage = {**daemon(rsync_server, rsync_folder), **key.keys}
    with temporary_site(tmp_path, postgresql, storage) as site:
        ran = site.run("sync", "app")
        assert (ran.code, len(site.people())) == (0, 500), ran.err
    assert_unreadable(stored(rsync_folder), key, "dump")


def test_a_database_travels_encrypted_through_a_bucket(
    tmp_path: Path, key: Key, postgresql: Postgresql, moto_server: S3Server
) -> None:
    bucket = moto_server.make_bucket()
    place = {"bucket": bucket, "region": "eu-west-1", "endpoint_url": moto_server.endpoint_url}
    with temporary_site(tmp_path, postgresql, {"backend": "s3", **place, **key.keys}) as site:
        site.environment |= moto_server.environment
        ran = site.run("sync", "app")
        assert (ran.code, len(site.people())) == (0, 500), ran.err
    client = moto_server.client()
    listed = client.list_objects_v2(Bucket=bucket)["Contents"]
    found = {
        each["Key"]: client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        for each in listed
    }
    assert_unreadable(found, key, "dump")


def test_mariadb_s_artefacts_are_encrypted_as_well(
    tmp_path: Path, key: Key, mariadb: Mariadb
) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        site.write(production={f"storage.{name}": value for name, value in key.keys.items()})
        ran = site.run("sync", "app")
        assert (ran.code, site.people()) == (0, SANITISED_MYSQL), ran.err
    assert_unreadable(stored(site.folder / "artefacts" / "production"), key, "sql")


def test_mongodb_s_artefacts_are_encrypted_as_well(mongo_site: MongoSite, key: Key) -> None:
    mongo_site.write(production={f"storage.{name}": value for name, value in key.keys.items()})
    ran = mongo_site.run("sync", "app")
    assert (ran.code, mongo_site.people()) == (0, SANITISED_MONGO), ran.err
    assert_unreadable(stored(mongo_site.folder / "artefacts" / "production"), key, "archive")


def test_an_artefact_is_read_without_envsync(encrypting: Site, key: Key) -> None:
    """As docs/push.md has it, with the programs that everybody has."""
    shell = with_programs("age", "zstd")
    assert encrypting.run("push", "app", "--env", "production").code == 0
    (artefact,) = (encrypting.folder / "artefacts" / "production").rglob("*.age")
    pipe = 'age -d -i "$1" "$2" | zstd -d | pg_restore --list'
    listed = subprocess.run(
        (shell, "-c", pipe, "read", key.file, artefact),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "TABLE DATA public people" in listed.stdout


def test_what_age_itself_encrypted_is_pulled(encrypting: Site, key: Key) -> None:
    shell = with_programs("age")
    assert encrypting.run("push", "app", "--env", "production").code == 0
    (artefact,) = (encrypting.folder / "artefacts" / "production").rglob("*.age")
    pipe = 'age -d -i "$1" "$2" | age -r "$3" > "$2.again" && mv "$2.again" "$2"; sha256sum "$2"'
    command = (shell, "-c", pipe, "again", key.file, artefact, key.public)
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    manifest = artefact.with_name(f"{artefact.name}.manifest.json")
    described = json.loads(manifest.read_text())
    described |= {"sha256": told.split()[0], "bytes": artefact.stat().st_size}
    manifest.write_text(json.dumps(described))
    ran = encrypting.run("pull", "app")
    assert (ran.code, len(encrypting.people())) == (0, 500), ran.err


def test_the_key_may_be_in_a_variable(encrypting: Site, key: Key) -> None:
    encrypting.environment["KEY"] = key.file.read_text()
    encrypted(encrypting, key, decrypt_with={"env": "KEY"})
    ran = encrypting.run("sync", "app")
    assert (ran.code, len(encrypting.people())) == (0, 500), ran.err


def test_either_of_two_recipients_reads(encrypting: Site, key: Key, tmp_path: Path) -> None:
    other = make_key(tmp_path, "other")
    encrypted(encrypting, key, encrypt_to=[other.public, key.public])
    ran = encrypting.run("sync", "app")
    assert (ran.code, len(encrypting.people())) == (0, 500), ran.err


def test_artefacts_of_before_and_after_are_both_read(site: Site, key: Key) -> None:
    assert site.run("push", "app", "--env", "production").code == 0
    plain = site.manifest()["stamp"]
    encrypted(site, key)
    assert site.run("sync", "app").code == 0
    encrypted(site, key, encrypt_to=None)
    newest = site.run("pull", "app")
    older = site.run("pull", "app", "--timestamp", plain)
    listed = site.run("backups", "app", "--env", "production")
    assert (newest.code, older.code, len(site.people())) == (0, 0, 500), newest.err + older.err
    assert listed.out.count("20") >= 2


def test_a_dry_run_shows_to_whom_and_with_what(encrypting: Site, key: Key) -> None:
    ran = encrypting.run("sync", "app", "--dry-run")
    assert f"| zstd -3 -T2 | age -r {key.public} | sha256 | upload " in ran.out
    assert f".dump.zst.age | sha256 | age -d -i {{file: {key.file}}} | zstd -d |" in ran.out
    assert "AGE-SECRET-KEY" not in ran.out + ran.err


@pytest.fixture
def pushed_encrypted(encrypting: Site) -> Site:
    ran = encrypting.run("push", "app", "--env", "production")
    assert ran.code == 0, ran.err
    return encrypting


@pytest.mark.parametrize("task", [("pull", "app"), ("sync", "app"), ("sync", "app", "--dry-run")])
def test_a_key_of_somebody_else_is_refused_before_anything_is_touched(
    pushed_encrypted: Site, key: Key, tmp_path: Path, task: tuple[str, ...]
) -> None:
    other = make_key(tmp_path, "other")
    encrypted(pushed_encrypted, key, decrypt_with={"file": str(other.file)})
    stored = pushed_encrypted.artefacts()
    ran = pushed_encrypted.run(*task)
    if "--dry-run" in task:
        assert (ran.code, f"it is encrypted to {key.public}" in ran.out + ran.err) == (2, True)
        return
    sentence = (
        f"cannot be read with the identity at {{file: {other.file}}}: it is encrypted to "
        f"{key.public}; put the identity of one of these there"
    )
    assert_refused(pushed_encrypted, ran, sentence, stored)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is empty"),
        ("age1notsecret\n", "is no identity of age; it must hold AGE-SECRET-KEY-1…"),
        ("AGE-SECRET-KEY-1QQQQ\n", "is no identity of age; it must hold AGE-SECRET-KEY-1…"),
        ("# only a comment\n", "is no identity of age; it must hold AGE-SECRET-KEY-1…"),
    ],
    ids=["missing", "empty", "public", "broken", "comment"],
)
def test_what_is_no_key_is_refused_before_anything_is_touched(
    pushed_encrypted: Site, key: Key, tmp_path: Path, content: str | None, sentence: str
) -> None:
    file = tmp_path / "no-key"
    if content is not None:
        file.touch(mode=0o600)
        file.write_text(content)
    encrypted(pushed_encrypted, key, decrypt_with={"file": str(file)})
    stored = pushed_encrypted.artefacts()
    for task in ("pull", "sync"):
        ran = pushed_encrypted.run(task, "app")
        assert "QQQQ" not in ran.out + ran.err
        assert_refused(pushed_encrypted, ran, sentence, stored)


def test_an_encrypted_artefact_of_a_storage_without_a_key_is_refused(
    pushed_encrypted: Site, key: Key
) -> None:
    encrypted(pushed_encrypted, key, encrypt_to=None, decrypt_with=None)
    stored = pushed_encrypted.artefacts()
    sentence = (
        "is encrypted and its storage does not say with what it is read; add "
        f"'decrypt_with: {{file: PATH}}' to that storage, with the identity of one of {key.public}"
    )
    assert_refused(pushed_encrypted, pushed_encrypted.run("pull", "app"), sentence, stored)


def test_a_manifest_that_lies_about_its_readers_promotes_nothing(
    pushed_encrypted: Site, key: Key, tmp_path: Path
) -> None:
    other = make_key(tmp_path, "other")
    (manifest,) = (pushed_encrypted.folder / "artefacts").rglob("*.json")
    manifest.write_text(manifest.read_text().replace(key.public, other.public))
    encrypted(pushed_encrypted, key, decrypt_with={"file": str(other.file)})
    stored = pushed_encrypted.artefacts()
    sentence = "is not what its manifest describes: it does not decrypt (No matching keys found)"
    assert_failed(pushed_encrypted, pushed_encrypted.run("pull", "app"), sentence, stored)


@pytest.mark.parametrize("share", [0.02, 0.5, 1], ids=["header", "middle", "last"])
def test_one_altered_byte_is_found_out_before_anything_is_promoted(
    pushed_encrypted: Site, share: float
) -> None:
    (artefact,) = (pushed_encrypted.folder / "artefacts").rglob("*.age")
    content = bytearray(artefact.read_bytes())
    content[round((len(content) - 1) * share)] ^= 1
    artefact.write_bytes(content)
    stored = pushed_encrypted.artefacts()
    sentence = "is not what its manifest describes: it does not decrypt ("
    assert_failed(pushed_encrypted, pushed_encrypted.run("pull", "app"), sentence, stored)


def test_a_push_that_is_ended_leaves_no_half_artefact(encrypting: Site) -> None:
    """It ends at once, though nothing comes through the program that encrypts."""
    conninfo = encrypting.production.conninfo(encrypting.source)
    with psycopg.connect(conninfo, password=PASSWORD) as blocker:
        blocker.execute("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        running = encrypting.start("push", "app", "--env", "production")
        until(lambda: encrypts(running.pid), "the program that encrypts")
        running.terminate()
        _, err = running.communicate(timeout=60)
    assert (running.returncode, "interrupted by SIGTERM" in err) == (1, True), err
    assert encrypting.artefacts() == []


def encrypts(program: int) -> bool:
    """Tell whether a child of a program is the one that encrypts."""
    return any(b"age/program.py" in arguments_of(child) for child in children_of(program))

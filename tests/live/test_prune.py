"""Pruning through the command line, in every kind of storage: what goes, what stays, and why."""

import signal
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from envsync.artefacts import Stamp
from envsync.commands import Measured
from envsync.execution.guard import database_lock
from envsync.execution.journal import Journal
from envsync.execution.lock import StepLocks
from envsync.execution.outcome import Outcome, State
from envsync.gateways.clock import SystemClock
from envsync.gateways.storage.file import FileStore
from envsync.gateways.storage.rsync import RsyncStore
from envsync.gateways.storage.s3 import S3Store
from envsync.inventory.load import load
from envsync.places import FileStorage, S3Storage
from envsync.plan.expand import expand
from envsync.plan.select import Selection, select
from tests.gateways.storage.places import make_old
from tests.live.prune_site import PATH, PruneSite, ago, decisions, old
from tests.live.site import Site
from tests.live.test_storages import daemon, shell
from tests.servers.postgresql import PASSWORD
from tests.servers.radosgw import Accounts
from tests.servers.rsync import RsyncServer, SshServer
from tests.servers.s3 import REGION, S3Server
from tests.servers.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.live

YOUNG = "younger than 2d"


def file_site(folder: Path) -> PruneSite:
    root = folder / "artefacts"
    root.mkdir()
    made = PruneSite(
        folder,
        {"backend": "file", "directory": str(root)},
        FileStore(FileStorage(str(root))),
    )
    made.write()
    return made


def s3_site(folder: Path, server: S3Server, bucket: str) -> PruneSite:
    storage = {
        "backend": "s3",
        "bucket": bucket,
        "region": REGION,
        "endpoint_url": server.endpoint_url,
    }
    store = S3Store(server.storage(bucket))
    made = PruneSite(folder, storage, store, {**server.environment})
    made.write()
    return made


def remember_pull(site: PruneSite, stamp: Stamp) -> None:
    """Have the journal know that a pull has restored an artefact and promoted it."""
    journal = Journal(site.folder / "state" / "journal.sqlite")
    known = load(site.folder / "inventories", site.folder)
    plan = select(expand(known), Selection(environments=("staging",), verbs=("pull",)))
    now = SystemClock().now()
    journal.plan(f"a night of {stamp}", plan, now)
    (step,) = plan.steps
    journal.start(step, now)
    done = Outcome(step, State.DONE, healthy=True, measured=Measured(data_of=stamp))
    journal.end(done, now)


@pytest.fixture
def files(tmp_path: Path) -> PruneSite:
    return file_site(tmp_path)


@pytest.fixture(params=["file", "moto", "rclone", "daemon", "ssh"])
def anywhere(
    request: pytest.FixtureRequest, tmp_path: Path, aws_environment: Mapping[str, str]
) -> PruneSite:
    del aws_environment
    if request.param == "file":
        return file_site(tmp_path)
    if request.param in ("moto", "rclone"):
        server: S3Server = request.getfixturevalue(f"{request.param}_server")
        return s3_site(tmp_path, server, server.make_bucket())
    rsync: RsyncServer = request.getfixturevalue("rsync_server")
    root = rsync.root("locked") / uuid4().hex
    root.mkdir()
    if request.param == "daemon":
        store = RsyncStore(rsync.storage(f"locked/{root.name}", "envsync"))
        made = PruneSite(tmp_path, daemon(rsync, root), store)
    else:
        ssh: SshServer = request.getfixturevalue("ssh_server")
        made = PruneSite(tmp_path, shell(ssh, root), RsyncStore(ssh.storage(root)))
    made.write()
    return made


def test_what_no_rule_keeps_goes_with_all_beside_it_and_a_dry_run_says_so_before(
    anywhere: PruneSite,
) -> None:
    moments = [ago(n) for n in (1, 3, 4, 5, 6, 7)]
    keys = [anywhere.artefact(stamp) for stamp in moments]
    kept_drill = anywhere.drill(keys[4], ago(5), healthy=True)
    gone_drill = anywhere.drill(keys[5], ago(6), healthy=True)
    before = anywhere.lying()
    dry = anywhere.run("prune", "--env", "production", "--dry-run")
    assert (dry.code, anywhere.lying()) == (0, before), dry.err
    url = anywhere.store.url
    assert [line for line in dry.out.splitlines() if line.startswith("delete ")] == [
        f"delete {url}/{key}"
        for key in (keys[5].manifest, keys[5], gone_drill, keys[3].manifest, keys[3])
    ]
    ran = anywhere.run("prune", "--env", "production")
    assert (ran.code, ran.err) == (0, "")
    assert (
        decisions(ran)
        == decisions(dry)
        == {
            str(moments[0]): ("keep", f"the newest, {YOUNG}, daily"),
            str(moments[1]): ("keep", "daily"),
            str(moments[2]): ("keep", "daily"),
            str(moments[3]): ("remove", "not among 3 daily"),
            str(moments[4]): ("keep", "the last known to be restorable (verified)"),
            str(moments[5]): ("remove", "not among 3 daily"),
        }
    )
    whole = [key for number in (0, 1, 2, 4) for key in (str(keys[number]), keys[number].manifest)]
    assert sorted(anywhere.lying()) == sorted([*whole, kept_drill])
    again = anywhere.run("prune", "--env", "production")
    assert (again.code, "remove" in again.out) == (0, False)


def test_orphans_go_once_they_are_a_day_old(files: PruneSite) -> None:
    root = files.folder / "artefacts"
    newest = files.artefact(ago(1))
    lost = files.artefact(ago(4))
    beside = files.drill(lost, ago(3), healthy=True)
    (root / lost.manifest).unlink()
    old(root / str(lost), root / beside)
    pushing = files.bytes_of(ago(0.5))
    copied = files.bytes_of(ago(9))
    others = files.bytes_of(ago(5), "app2")
    old(root / str(others))
    ran = files.run("prune", "--database", "app", "--env", "production")
    assert ran.code == 0, ran.err
    gone = {name: why for name, (what, why) in decisions(ran).items() if what == "remove"}
    assert gone == {
        str(lost).rpartition("/")[2]: "it has no manifest",
        beside.rpartition("/")[2]: "it has no manifest",
    }
    assert set(files.lying()) == {
        str(newest),
        newest.manifest,
        str(pushing),
        str(copied),
        str(others),
    }


@pytest.mark.usefixtures("aws_environment")
def test_orphans_in_a_bucket_go_once_they_are_a_day_old(
    tmp_path: Path, rclone_server: S3Server
) -> None:
    bucket = rclone_server.make_bucket()
    site = s3_site(tmp_path, rclone_server, bucket)
    lost, young = site.bytes_of(ago(4)), site.bytes_of(ago(5))
    make_old(rclone_server, bucket, str(lost))
    ran = site.run("prune", "--env", "production")
    assert (ran.code, site.lying()) == (0, [str(young)]), ran.err


def test_a_prune_killed_between_two_deletions_leaves_nothing_half_there(files: PruneSite) -> None:
    """Whatever has a manifest is whole, the newest is there, and the next prune ends the work."""
    root = files.folder / "artefacts"
    keys = [files.artefact(ago(n)) for n in range(1, 81)]
    old(*(path for path in root.rglob("*") if path.is_file()))
    kills = 0
    while len(files.stamps()) > 3:
        there = len(files.stamps())
        process = files.start("prune", "--env", "production")
        while process.poll() is None:
            if len(files.stamps()) < there - 10 and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
        process.communicate()
        dumps = [key for key in files.lying() if key.endswith(".dump.zst")]
        whole = [f"{key}.manifest.json" for key in dumps]
        missing = [key for key in files.lying() if key.endswith(".json") and key not in whole]
        assert (missing, str(keys[0]) in dumps) == ([], True)
    assert kills > 0
    assert files.run("prune", "--env", "production").code == 0
    assert len(files.lying()) == 6
    assert "not ended" in files.run("history", "app", "--env", "production").out


def test_a_signal_ends_a_prune_between_two_artefacts(files: PruneSite) -> None:
    for n in range(1, 201):
        files.artefact(ago(n))
    process = files.start("prune", "--env", "production")
    until(lambda: len(files.stamps()) < 190, "the prune to be at it")
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, "interrupted by SIGTERM" in out) == (1, True)
    left = len(files.stamps())
    assert left > 3
    assert len(files.lying()) == 2 * left
    assert files.stamps()[0] == str(ago(1))


def test_what_cannot_be_trusted_is_kept_and_said(files: PruneSite) -> None:
    root = files.folder / "artefacts"
    for n in (1, 3, 4, 5):
        files.artefact(ago(n))
    damaged, foreign = files.artefact(ago(6)), files.artefact(ago(7), environment="staging")
    short, gone = files.artefact(ago(8), bytes=99), files.artefact(ago(9))
    (root / damaged.manifest).write_text("{")
    (root / str(gone)).unlink()
    ran = files.run("prune", "--env", "production")
    assert ran.code == 0, ran.err
    advice = ": look at it, and delete it by hand"
    found = decisions(ran)
    assert [found[str(key.stamp)] for key in (damaged, foreign, short, gone)] == [
        ("keep", f"its manifest is damaged{advice}"),
        ("keep", f"its manifest says that it is of app (staging){advice}"),
        ("keep", f"it has 18 bytes, and 99 in its manifest{advice}"),
        ("keep", f"its manifest is whole, and the artefact is not there{advice}"),
    ]
    assert len(files.stamps()) == 7


def test_half_uploads_go_even_where_no_retention_is_stated(files: PruneSite) -> None:
    files.write(retention=None)
    root = files.folder / "artefacts"
    keys = [files.artefact(ago(n)) for n in range(1, 9)]
    orphan = files.bytes_of(ago(20))
    half = root / PATH / f".{ago(5)}-app.dump.zst.partial-1-0123abcd"
    young = root / PATH / f".{ago(0)}-app.dump.zst.partial-2-0123abcd"
    for path in (half, young):
        path.write_bytes(b"half")
    old(half, root / str(orphan))
    dry = files.run("prune", "--env", "production", "--dry-run")
    assert (dry.code, half.exists()) == (0, True)
    ran = files.run("prune", "--env", "production")
    assert (ran.code, half.exists(), young.exists()) == (0, False, True), ran.err
    assert "1 half upload older than a day" in ran.out
    assert "no retention: holds for app (production), of which everything is kept" in ran.out
    assert len(files.lying()) == 2 * len(keys) + 1


def test_a_database_s_own_retention_replaces_its_environment_s(files: PruneSite) -> None:
    files.write(databases__app__retention={"keep_daily": 1, "keep_younger": "1m"})
    for n in (1, 2, 3):
        files.artefact(ago(n))
    assert files.run("prune", "--env", "production").code == 0
    assert files.stamps() == [str(ago(1))]


def test_clean_artefacts_are_kept_by_the_same_retention_apart_from_raw_ones(
    files: PruneSite,
) -> None:
    root = files.folder / "clean"
    root.mkdir()
    files.write(clean_storage={"backend": "file", "directory": str(root)})
    clean = replace(files, store=FileStore(FileStorage(str(root))))
    for n in (1, 3, 4, 5, 6):
        files.artefact(ago(n))
    for n in (1, 7, 8, 9):
        clean.artefact(ago(n))
    ran = files.run("prune", "--env", "production")
    assert ran.code == 0, ran.err
    assert files.stamps() == [str(ago(n)) for n in (1, 3, 4)]
    assert clean.stamps() == [str(ago(n)) for n in (1, 7, 8)]
    assert ran.out.count("app (production), clean") == 4


def test_what_a_pull_restored_last_is_kept(files: PruneSite) -> None:
    """As the journal of this machine remembers it."""
    stamps = [ago(n) for n in (1, 3, 4, 5, 6)]
    keys = [files.artefact(stamp) for stamp in stamps]
    remember_pull(files, stamps[3])
    remember_pull(files, stamps[4])
    files.drill(keys[3], ago(2), healthy=False)
    found = decisions(files.run("prune", "--env", "production"))
    assert found[str(stamps[3])] == ("remove", "not among 3 daily")
    assert found[str(stamps[4])] == (
        "keep",
        "the last known to be restorable (restored by a pull)",
    )


def test_what_somebody_holds_is_kept_whole(files: PruneSite) -> None:
    for n in (1, 3, 4, 5):
        files.artefact(ago(n))
    orphan = files.bytes_of(ago(7))
    old(files.folder / "artefacts" / str(orphan))
    why = "the incident of Monday"
    held = files.run(
        "hold", "app", "--env", "production", "--until", "2099-01-01", "--because", why
    )
    assert held.code == 0, held.err
    ran = files.run("prune", "--env", "production")
    assert (ran.code, len(files.stamps())) == (0, 4), ran.err
    assert f"until 2099-01-01: {why}" in ran.out
    assert str(orphan) in files.lying()


@pytest.fixture
def lockable(
    tmp_path: Path, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> tuple[PruneSite, "S3Client"]:
    """A site whose storage is a bucket with object lock, which keeps versions."""
    environment = accounts.environment("production")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client, bucket = accounts.gateway.client("production"), f"locked-{uuid4().hex}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    storage = accounts.storage(bucket)
    place = S3Storage(bucket, region=storage["region"], endpoint_url=storage["endpoint_url"])
    made = PruneSite(tmp_path, storage, S3Store(place), environment)
    made.write()
    return made, client


def test_what_object_lock_keeps_is_kept_and_said(
    lockable: tuple[PruneSite, "S3Client"],
) -> None:
    site, client = lockable
    keys = [site.artefact(ago(n)) for n in (1, 3, 4, 5, 6, 7, 8)]
    bucket = str(site.storage["bucket"])
    until = datetime(2099, 1, 2, 3, 4, tzinfo=UTC)
    for name in (keys[3].manifest, str(keys[4])):
        client.put_object_retention(
            Bucket=bucket, Key=name, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until}
        )
    client.put_object_legal_hold(Bucket=bucket, Key=str(keys[5]), LegalHold={"Status": "ON"})
    dry = decisions(site.run("prune", "--env", "production", "--dry-run"))
    ran = site.run("prune", "--env", "production")
    assert ran.code == 0, ran.out
    assert decisions(ran) == dry
    assert [dry[str(key.stamp)] for key in keys[3:]] == [
        ("keep", "locked until 2099-01-02 03:04 UTC (governance)"),
        ("keep", "locked until 2099-01-02 03:04 UTC (governance)"),
        ("keep", "locked by a legal hold"),
        ("remove", "not among 3 daily"),
    ]
    assert len(site.stamps()) == 6
    versions = client.list_object_versions(Bucket=bucket, Prefix=str(keys[6]))
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (2, 2)
    assert (
        f"s3://{bucket} keeps old versions: what is removed stays there, hidden, until a lifecycle "
        "rule of the bucket expires it"
    ) in ran.out


def test_who_may_not_ask_for_locks_removes_nothing_and_is_told_which_rights_it_takes(
    lockable: tuple[PruneSite, "S3Client"], accounts: Accounts
) -> None:
    site, _ = lockable
    for n in (1, 3, 4, 5):
        site.artefact(ago(n))
    everything_else = ("ListBucket", "ListBucketMultipartUploads", "GetObject", "DeleteObject")
    rights = (f"s3:{each}" for each in everything_else)
    accounts.allow(str(site.storage["bucket"]), *rights)
    other = replace(site, environment=accounts.environment("integration"))
    ran = other.run("prune", "--env", "production")
    assert (ran.code, len(site.stamps())) == (2, 4), ran.out
    assert "s3:GetObjectRetention, s3:GetObjectLegalHold on " in ran.out


def test_a_prune_does_not_run_into_a_push(site: Site) -> None:
    """The push waits for a table that somebody has locked, as pg_dump does."""
    site.write(production={"retention": {"keep_daily": 1, "keep_younger": "1s"}})
    assert site.run("push", "app", "--env", "production").code == 0
    conninfo = site.production.conninfo(site.source, "postgres")
    with psycopg.connect(conninfo, password=PASSWORD) as connection:
        connection.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE")
        push = site.start("push", "app", "--env", "production")
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        until(lambda: bool(site.production.run(waiting)), "the push to wait")
        ran = site.run("prune", "--env", "production")
        connection.rollback()
    _, said = push.communicate(timeout=60)
    assert (ran.code, "is already running since" in ran.out) == (2, True), ran.out
    assert push.returncode == 0, said
    assert site.run("prune", "--env", "production").code == 0
    assert len(site.artefacts()) == 2


@pytest.mark.parametrize("whose", ["production", "staging"])
def test_nothing_goes_while_a_push_or_a_pull_of_the_database_runs(
    files: PruneSite, whose: str
) -> None:
    for n in (1, 3, 4, 5):
        files.artefact(ago(n))
    known = load(files.folder / "inventories", files.folder)
    (database,) = (each for each in known.databases if each.environment.name == whose)
    with StepLocks(files.folder / "state" / "locks", SystemClock()).hold(database_lock(database)):
        for options in ((), ("--dry-run",)):
            ran = files.run("prune", "--env", "production", *options)
            assert (ran.code, len(files.stamps())) == (2, 4)
            assert "is already running since" in ran.out
    assert files.run("prune", "--env", "production").code == 0
    assert len(files.stamps()) == 3


def test_history_shows_what_a_prune_came_to(files: PruneSite) -> None:
    for n in (1, 3, 4, 5, 6):
        files.artefact(ago(n))
    files.run("prune", "--env", "production", "--dry-run")
    assert "nothing has been run" in files.run("history", "app").out
    files.run("prune", "--env", "production")
    line = files.run("history", "app", "--env", "production").out.splitlines()[2]
    assert [word in line for word in (" prune ", " done ", " 36 B ", " 2 removed")] == [True] * 4


def test_a_storage_that_is_not_there_is_told_and_the_rest_goes_on(files: PruneSite) -> None:
    staging = files.folder / "inventories" / "staging.yaml"
    staging.write_text(f"{staging.read_text()}retention: {{keep_daily: 1}}\n")
    for n in (1, 3, 4, 5):
        files.artefact(ago(n))
    ran = files.run("prune")
    assert (ran.code, len(files.stamps())) == (1, 3), ran.out
    assert "app (staging)     all" in ran.out
    assert f"there is no folder '{files.folder}/staging'" in ran.out
    history = files.run("history", "app", "--env", "staging").out
    assert (" prune " in history, " failed " in history) == (True, True)
    alone = files.run("prune", "--env", "staging")
    assert alone.code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--database", "nothing"), "no database 'nothing' in the inventory"),
        (("--env", "nowhere"), "no environment 'nowhere' in the inventory"),
        (("--machine", "nowhere"), "no machine 'nowhere' in the inventory"),
    ],
)
def test_what_the_inventory_does_not_know_is_refused(
    files: PruneSite, words: tuple[str, ...], said: str
) -> None:
    ran = files.run("prune", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err

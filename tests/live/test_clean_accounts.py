"""Two accounts, the lower one allowed to read clean artefacts alone; and keys to read them with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.scratch import Scratch, clean_files, clean_folder, cleaning
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.live.test_clean import CLEAN, PERSONAL
from tests.live.test_encryption import AGE, make_key
from tests.live.test_two_accounts import READING, assert_refused, keys, run
from tests.servers.postgresql import Postgresql
from tests.servers.radosgw import Accounts

pytestmark = pytest.mark.live


@pytest.fixture
def buckets(accounts: Accounts) -> tuple[str, str]:
    """A bucket for raw artefacts, which only its own account may use, and one for clean ones."""
    raw, clean = accounts.make_bucket(), accounts.make_bucket()
    accounts.allow(clean, *READING)
    return raw, clean


@pytest.fixture
def apart(
    tmp_path: Path,
    postgresql: Postgresql,
    accounts: Accounts,
    buckets: tuple[str, str],
    scratch: Scratch,
) -> Iterator[Site]:
    raw, clean = buckets
    with temporary_site(tmp_path, postgresql, accounts.storage(raw)) as made:
        cleaning(made, scratch, production={"clean_storage": accounts.storage(clean)})
        yield made


def test_an_account_that_may_read_clean_artefacts_alone_gets_its_copy(
    apart: Site, accounts: Accounts, buckets: tuple[str, str]
) -> None:
    made = run(apart, "production", "sync", "app", "--push-only")
    assert made.code == 0, made.err
    assert [len(keys(accounts, bucket)) for bucket in buckets] == [2, 2]
    pulled = run(apart, "integration", "pull", "app")
    assert (pulled.code, apart.people()) == (0, CLEAN), pulled.err
    listed = run(apart, "integration", "backups", "app", "--env", "production")
    assert (listed.code, "clean.sql" in listed.out) == (0, True), listed.err
    assert "cannot list s3://" in listed.out.partition("clean, in")[0]


def test_that_account_is_refused_the_raw_ones(apart: Site, scratch: Scratch) -> None:
    made = run(apart, "production", "sync", "app", "--push-only")
    assert made.code == 0, made.err
    cleaning(apart, scratch, integration={"syncs.app.sanitise_at": "target"})
    ran = run(apart, "integration", "pull", "app")
    assert_refused(apart, ran, "cannot list s3://", "needs s3:ListBucket, s3:GetObject")


def test_that_account_cannot_clean(apart: Site) -> None:
    assert run(apart, "production", "push", "app", "--env", "production").code == 0
    ran = run(apart, "integration", "nightly", "--machine", "production/db_admin")
    assert ran.code == 2, ran.err


def test_clean_artefacts_have_keys_of_their_own(site: Site, scratch: Scratch) -> None:
    raw, clean = make_key(site.folder, "raw"), make_key(site.folder, "clean")
    storage = {"backend": "file", "directory": str(clean_folder(site))}
    cleaning(
        site,
        scratch,
        production={
            "clean_storage": {**storage, **clean.keys},
            **{f"storage.{name}": value for name, value in raw.keys.items()},
        },
    )
    pushed = site.run("sync", "app", "--push-only")
    assert pushed.code == 0, pushed.err
    assert [name.endswith((".dump.zst.age", ".json")) for name in clean_files(site)] == [True] * 2
    (dump,) = clean_folder(site).rglob("*.age")
    assert dump.read_bytes().startswith(AGE)
    raw.file.unlink()
    pulled = site.run("pull", "app")
    assert (pulled.code, site.people()) == (0, CLEAN), pulled.err


def test_raw_artefacts_may_be_encrypted_and_clean_ones_not(site: Site, scratch: Scratch) -> None:
    raw = make_key(site.folder, "raw")
    cleaning(
        site,
        scratch,
        production={f"storage.{name}": value for name, value in raw.keys.items()},
    )
    ran = site.run("sync", "app")
    assert (ran.code, site.people()) == (0, CLEAN), ran.err
    (dump,) = clean_folder(site).rglob("*.dump.zst")
    assert PERSONAL not in dump.read_bytes()

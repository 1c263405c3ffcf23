"""Restore drills of the other engines: what is sound is told so, what is not as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.mongo_site import MongoSite
from tests.live.mysql_site import MysqlSite, mysql_site
from tests.live.scratch_engines import (
    databases,
    mongo_scratch,
    mysql_scratch,
    results,
    schemas,
)
from tests.live.search_site import SearchSite, make_search_site
from tests.servers.mariadb import Mariadb, MariadbServer
from tests.servers.mongod import Mongod
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live


def flip(folder: Path, suffix: str) -> None:
    (dump,) = (folder / "artefacts" / "production").rglob(f"*{suffix}")
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 0xFF
    dump.write_bytes(content)


@pytest.fixture
def mysql(tmp_path: Path, mariadb: Mariadb, scratch_mariadb: MariadbServer) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path, mariadb) as site:
        (site.folder / "sanitisation_sql" / "raw.checks.sql").write_text(
            "SELECT id FROM people WHERE email IS NULL;\n"
        )
        site.write(
            production={
                "servers.scratch": mysql_scratch(site, scratch_mariadb),
                "databases.app.verify": {"checks": "raw.checks.sql"},
            }
        )
        ran = site.run("push", "app", "--env", "production")
        assert ran.code == 0, ran.err
        yield site


def test_a_schema_is_shown_to_be_restorable(
    mysql: MysqlSite, scratch_mariadb: MariadbServer
) -> None:
    ran = mysql.run("verify", "app")
    assert ran.code == 0, ran.err
    (result,) = results(mysql.folder)
    assert (result["healthy"], result["rows"]) == (True, {"people": 500, "notes": 500})
    assert schemas(scratch_mariadb) == set()


def test_a_flipped_bit_of_a_schema_s_dump_is_told(
    mysql: MysqlSite, scratch_mariadb: MariadbServer
) -> None:
    flip(mysql.folder, ".sql.zst")
    ran = mysql.run("verify", "app")
    (result,) = results(mysql.folder)
    assert (ran.code, result["healthy"]) == (1, False), ran.err
    assert schemas(scratch_mariadb) == set()


def test_an_account_that_could_read_a_drill_s_schema_is_told_of_before(
    mysql: MysqlSite, scratch_mariadb: MariadbServer
) -> None:
    nosy = scratch_mariadb.account("nosy", "SELECT ON *.*")
    ran = mysql.run("verify", "app")
    scratch_mariadb.run(f"DROP USER `{nosy}`@`127.0.0.1`")
    assert (ran.code, results(mysql.folder)) == (2, []), ran.err
    assert f"'{nosy}'@'127.0.0.1'" in ran.err


@pytest.fixture
def documents(mongo_site: MongoSite, scratch_mongo: Mongod) -> Iterator[MongoSite]:
    with mongo_scratch(mongo_site, scratch_mongo) as scratch:
        mongo_site.write(production={"servers.scratch": scratch, "databases.app.verify": {}})
        ran = mongo_site.run("push", "app", "--env", "production")
        assert ran.code == 0, ran.err
        yield mongo_site


def test_documents_are_shown_to_be_restorable(documents: MongoSite, scratch_mongo: Mongod) -> None:
    ran = documents.run("verify", "app")
    assert ran.code == 0, ran.err
    (result,) = results(documents.folder)
    assert (result["healthy"], result["rows"]["people"]) == (True, 500)
    assert databases(scratch_mongo) == set()
    with scratch_mongo.client() as client:
        assert client["envsync"]["incoming"].count_documents({}) == 0


def test_a_flipped_bit_of_an_archive_is_told(documents: MongoSite, scratch_mongo: Mongod) -> None:
    flip(documents.folder, ".archive.zst")
    ran = documents.run("verify", "app")
    (result,) = results(documents.folder)
    assert (ran.code, result["healthy"]) == (1, False), ran.err
    assert databases(scratch_mongo) == set()


@pytest.fixture
def search(tmp_path: Path, opensearch: SearchClusters) -> SearchSite:
    site = make_search_site(tmp_path, opensearch)
    ran = site.run("push", "search", "--env", "production")
    assert ran.code == 0, ran.err
    return site


def test_a_snapshot_is_shown_to_be_restorable_and_leaves_no_index(search: SearchSite) -> None:
    before = search.production.indices()
    ran = search.run("verify", "search", "--env", "production")
    assert (ran.code, "250 rows" in ran.err) == (0, True), ran.err
    after = {name for name in search.production.indices() if name != "envsync-claims"}
    assert after == {name for name in before if name != "envsync-claims"}
    assert "verify" in search.run("history", "search").out


def test_a_snapshot_with_a_lost_file_is_red_in_the_journal(search: SearchSite) -> None:
    repository = search.production.repositories / search.repository
    for lost in (repository / "indices").rglob("__*"):
        lost.unlink()
    ran = search.run("verify", "search", "--env", "production")
    assert ran.code == 1, ran.err
    listed = search.run("history", "search").out.splitlines()[2]
    assert "verify" in listed
    assert "failed" in listed

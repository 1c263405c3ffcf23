"""Data of the other engines that is sanitised before it leaves its environment."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.mongo_site import MongoSite, content
from tests.live.mysql_site import OLD, SANITISED, MysqlSite, mysql_site
from tests.live.scratch_engines import databases, mongo_scratch, mysql_scratch, schemas, stored
from tests.live.search_site import ORDERS, YESTERDAY, SearchSite, make_search_site
from tests.live.search_site import SANITISED as CLEAN_PEOPLE
from tests.live.test_mongo_road import SANITISED as CLEAN_DOCUMENTS
from tests.live.test_mysql_road import EVERYTHING, told
from tests.servers.mariadb import Mariadb, MariadbServer
from tests.servers.mongod import Mongod
from tests.servers.opensearch import SearchCluster, SearchClusters

pytestmark = pytest.mark.live

PERSONAL = b"@private.example"


def clean_storage(folder: Path) -> dict[str, Any]:
    (folder / "artefacts" / "clean").mkdir(exist_ok=True)
    return {"backend": "file", "directory": str(folder / "artefacts" / "clean")}


def made_clean(folder: Path) -> list[dict[str, Any]]:
    found = sorted((folder / "artefacts" / "clean").rglob("*.manifest.json"))
    return [dict(json.loads(path.read_text())) for path in found]


@pytest.fixture
def mysql(tmp_path: Path, mariadb: Mariadb, scratch_mariadb: MariadbServer) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path, mariadb) as site:
        scratch = mysql_scratch(site, scratch_mariadb)
        site.write(
            production={
                "servers.scratch": scratch,
                "clean_storage": clean_storage(site.folder),
            },
            integration={"syncs.app.sanitise_at": "source"},
        )
        yield site


def test_rows_arrive_that_were_made_clean_at_their_source(
    mysql: MysqlSite, scratch_mariadb: MariadbServer
) -> None:
    ran = mysql.run("sync", "app")
    assert (ran.code, mysql.people()) == (0, SANITISED), ran.err
    (made,) = made_clean(mysql.folder)
    assert [script["name"] for script in made["sanitised"]] == ["clean.sql"]
    assert made["rows"] == {"people": 500, "notes": 500}
    assert PERSONAL in stored(mysql.folder / "artefacts" / "production")
    assert PERSONAL not in stored(mysql.folder / "artefacts" / "clean")
    assert schemas(scratch_mariadb) == set()


def test_everything_a_schema_holds_arrives_by_way_of_the_scratch_server(mysql: MysqlSite) -> None:
    production, target = mysql.production, f"{mysql.target}_under_another_name"
    production.run(
        f"DROP DATABASE `{mysql.source}`;\nCREATE DATABASE `{mysql.source}` CHARACTER SET utf8mb4"
    )
    production.load(EVERYTHING.read_bytes(), mysql.source)
    known = yaml.safe_load((mysql.folder / "inventories" / "production.yaml").read_text())
    mysql.script("SELECT 1;\n", "SELECT 1 FROM dual WHERE false;\n")
    mysql.write(
        production={
            "servers.scratch": known["servers"]["scratch"],
            "clean_storage": known["clean_storage"],
        },
        integration={"syncs.app.sanitise_at": "source", "databases.app.name": target},
    )
    ran = mysql.run("sync", "app")
    assert ran.code == 0, ran.err
    expected, restored = told(production, mysql.source), told(mysql.integration, target)
    for found in (expected, restored):
        del found["rows of history"]
    assert restored == expected
    assert b"__incoming" not in stored(mysql.folder / "artefacts" / "clean")


def test_a_script_that_fails_on_mysql_leaves_nothing_clean(
    mysql: MysqlSite, scratch_mariadb: MariadbServer
) -> None:
    mysql.script("UPDATE nowhere SET email = 'x';\n")
    ran = mysql.run("sync", "app")
    assert (ran.code, made_clean(mysql.folder), mysql.people()) == (1, [], OLD), ran.err
    assert schemas(scratch_mariadb) == set()


def test_a_raw_schema_smuggled_in_is_refused(mysql: MysqlSite) -> None:
    assert mysql.run("push", "app", "--env", "production").code == 0
    folder = mysql.folder / "artefacts"
    shutil.copytree(folder / "production", folder / "clean", dirs_exist_ok=True)
    ran = mysql.run("pull", "app")
    assert (ran.code, mysql.people()) == (2, OLD), ran.err
    assert "is raw: its manifest does not say that it was made clean" in ran.err


@pytest.fixture
def documents(mongo_site: MongoSite, scratch_mongo: Mongod) -> Iterator[MongoSite]:
    with mongo_scratch(mongo_site, scratch_mongo) as scratch:
        mongo_site.write(
            production={
                "servers.scratch": scratch,
                "clean_storage": clean_storage(mongo_site.folder),
            },
            integration={"syncs.app.sanitise_at": "source"},
        )
        yield mongo_site


def test_documents_arrive_that_were_made_clean_at_their_source(
    documents: MongoSite, scratch_mongo: Mongod
) -> None:
    ran = documents.run("sync", "app")
    assert (ran.code, documents.people()) == (0, CLEAN_DOCUMENTS), ran.err
    (made,) = made_clean(documents.folder)
    assert [script["name"] for script in made["sanitised"]] == ["app.mongo.yaml"]
    assert (made["name"], made["rows"]["people"]) == (documents.source, 500)
    assert PERSONAL in stored(documents.folder / "artefacts" / "production")
    assert PERSONAL not in stored(documents.folder / "artefacts" / "clean")
    assert b"__incoming" not in stored(documents.folder / "artefacts" / "clean")
    assert databases(scratch_mongo) == set()


def test_everything_else_of_a_database_arrives_by_way_of_the_scratch_server(
    documents: MongoSite,
) -> None:
    nothing = {
        "sanitise": [{"collection": "people", "deleteMany": {"filter": {"nobody": "has this"}}}],
        "checks": [{"collection": "people", "find": {"nobody": "has this"}}],
    }
    documents.script(nothing)
    ran = documents.run("sync", "app")
    assert ran.code == 0, ran.err
    with documents.production.client() as source, documents.integration.client() as target:
        assert content(target, documents.target) == content(source, documents.source)


def test_a_step_that_fails_on_mongo_leaves_nothing_clean(
    documents: MongoSite, scratch_mongo: Mongod
) -> None:
    documents.script(
        {
            "sanitise": [{"collection": "nowhere", "deleteMany": {"filter": {}}}],
            "checks": [{"collection": "people", "find": {"nobody": "has this"}}],
        }
    )
    ran = documents.run("sync", "app")
    assert (ran.code, made_clean(documents.folder)) == (1, []), ran.err
    assert databases(scratch_mongo) == set()


@pytest.fixture
def search(
    tmp_path: Path, opensearch: SearchClusters, scratch_opensearch: SearchCluster
) -> SearchSite:
    """A site whose raw repository the target's cluster does not know at all."""
    site = make_search_site(tmp_path, opensearch)
    clean = site.repository.replace("repository", "clean")
    scratch_opensearch.clear()
    opensearch.integration.ask("DELETE", f"/_snapshot/{site.repository}")
    for cluster, name, readonly in (
        (scratch_opensearch, site.repository, True),
        (scratch_opensearch, clean, False),
        (opensearch.integration, clean, True),
    ):
        settings = {"location": str(cluster.repositories / name), "readonly": readonly}
        cluster.ask("PUT", f"/_snapshot/{name}", {"type": "fs", "settings": settings})
    scratch = {
        **site.inventory("production")["servers"]["search"],
        "port": scratch_opensearch.port,
        "repository": clean,
        "scratch": True,
    }
    site.write(
        production={"servers.scratch": scratch},
        integration={"syncs.search.sanitise_at": "source"},
    )
    return site


def snapshots(cluster: SearchCluster, repository: str) -> list[dict[str, Any]]:
    status, found = cluster.answer("GET", f"/_snapshot/{repository}/*")
    return list(found["snapshots"]) if status == 200 else []


def left(cluster: SearchCluster) -> set[str]:
    return {name for name in cluster.indices() if name.startswith("envsync-search")}


def test_indices_arrive_that_were_made_clean_at_their_source(
    search: SearchSite, scratch_opensearch: SearchCluster
) -> None:
    ran = search.run("sync", "search")
    assert ran.code == 0, ran.err
    assert search.integration.documents("people") == CLEAN_PEOPLE
    assert search.integration.documents("orders") == ORDERS
    clean = search.repository.replace("repository", "clean")
    (made,) = snapshots(scratch_opensearch, clean)
    assert made["state"] == "SUCCESS"
    assert left(scratch_opensearch) == set()
    again = search.run("sync", "search")
    assert again.code == 0, again.err
    assert len(snapshots(scratch_opensearch, clean)) == 2


def test_where_no_snapshot_is_clean_yet_a_pull_names_what_cleans(search: SearchSite) -> None:
    assert search.run("push", "search", "--env", "production").code == 0
    ran = search.run("pull", "search")
    assert (ran.code, search.integration.documents("people")) == (2, YESTERDAY), ran.err
    assert "; envsync sync search --env integration makes one" in ran.err


def test_a_check_that_finds_documents_leaves_no_snapshot(
    search: SearchSite, scratch_opensearch: SearchCluster
) -> None:
    search.script(
        checks=[{"name": "no towns", "indices": ["people"], "query": {"exists": {"field": "town"}}}]
    )
    ran = search.run("sync", "search")
    clean = search.repository.replace("repository", "clean")
    assert (ran.code, snapshots(scratch_opensearch, clean)) == (1, []), ran.err
    assert search.integration.documents("people") == YESTERDAY
    assert left(scratch_opensearch) == set()


def test_a_snapshot_made_clean_by_another_version_is_made_again(
    search: SearchSite, scratch_opensearch: SearchCluster
) -> None:
    assert search.run("sync", "search", "--push-only").code == 0
    search.script(keep=["orders", "nothing"])
    refused = search.run("pull", "search")
    assert (refused.code, search.integration.documents("people")) == (2, YESTERDAY), refused.err
    assert "was made clean by another version of search.elasticsearch.yaml" in refused.err
    clean = search.repository.replace("repository", "clean")
    before = snapshots(scratch_opensearch, clean)
    search.script()
    assert search.run("pull", "search").code == 0
    assert search.integration.documents("people") == CLEAN_PEOPLE
    assert len(before) == 1

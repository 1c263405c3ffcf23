"""A draft of decisions: made from a live database of each engine, and good enough for a pull."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.live.mongo_site import PEOPLE, MongoSite
from tests.live.mysql_site import SANITISED as SANITISED_MYSQL
from tests.live.mysql_site import mysql_site
from tests.live.search_site import SANITISED as SANITISED_INDEX
from tests.live.search_site import make_search_site
from tests.live.site import Site
from tests.servers.mariadb import Mariadb
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

PRIVATE = ("private.example", "07911", "Town 1", "secret-", "10.9.8.7")


def undecided(site: Any) -> Path:
    """Have nothing decided, and return where the draft goes."""
    script = {"Site": "clean", "MysqlSite": "clean", "MongoSite": "app", "SearchSite": "search"}
    site.decisions.stop("", script[type(site).__name__])
    (path,) = site.decisions.folder.glob("*.columns.yaml")
    path.unlink()
    return Path(path)


def test_a_draft_of_postgresql_loads_and_lets_the_pull_through(site: Site) -> None:
    path = undecided(site)
    site.production.run(
        'CREATE TABLE visits (seen inet, who text, "t.o:k{e}n" text, at date, num numeric(10,2));'
        "INSERT INTO visits SELECT '10.9.8.7', '07911 123456', 'secret-' || md5(n::text), now(), n"
        " FROM generate_series(1, 300) n; CREATE SCHEMA hr; CREATE TABLE hr.pay (salary int)",
        site.source,
    )
    ran = site.run("sanitise.init", "app")
    assert ran.code == 0, ran.err
    assert ran.out == (
        "wrote sanitisation_sql/clean.columns.yaml: 4 tables, 12 columns, of which 6 look personal "
        "and want a person's look first, and then all others\n"
    )
    text = path.read_text()
    assert text.startswith("# Drafted from app (production): proposals, until")
    assert "  id: {keep: integer}\n" in text
    assert (
        "  email: {sanitised: text}  # name looks like an e-mail address; 200 of 200 values look "
        "like e-mail addresses\n"
    ) in text
    assert "  who: {sanitised: text}  # 200 of 200 values look like telephone numbers\n" in text
    assert "  seen: {sanitised: inet}  # name looks like an IP address or device" in text
    assert '  num: {keep: "numeric(10,2)"}\n' in text
    assert '"t\\\\.o:k{e}n": {sanitised: text}  # 200 of 200 values look like tokens' in text
    assert not [word for word in PRIVATE if word in text + ran.out + ran.err]
    assert (site.run("sync", "app").code, len(site.people())) == (0, 500)


def test_a_draft_of_mysql_loads_and_lets_the_pull_through(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        path = undecided(site)
        site.production.run(
            "CREATE TABLE visits (`it``s 100%` varchar(40), b blob, flag tinyint(1));\n"
            "INSERT INTO visits VALUES ('10.9.8.7', 'x', 1)",
            site.source,
        )
        ran = site.run("sanitise.init", "app")
        assert ran.code == 0, ran.err
        text = path.read_text()
        assert '"it`s 100%": {sanitised: varchar(40)}  # 1 of 1 values look like IP' in text
        assert "  flag: {keep: tinyint(1)}\n" in text
        assert not [word for word in PRIVATE if word in text + ran.out + ran.err]
        assert (site.run("sync", "app").code, site.people()) == (0, SANITISED_MYSQL)


def test_a_draft_of_mongo_loads_and_lets_the_pull_through(mongo_site: MongoSite) -> None:
    path = undecided(mongo_site)
    with mongo_site.production.client() as client:
        client[mongo_site.source].people.insert_one(
            {"_id": 501, "email": "x@private.example", "contacts": [{"tel": "07911 123456"}]}
        )
    ran = mongo_site.run("sanitise.init", "app")
    assert ran.code == 0, ran.err
    text = path.read_text()
    assert '  "contacts[].tel": {sanitised: string}  # name looks like a telephone number' in text
    assert re.search(r"email: \{sanitised: string}  # .* values look like e-mail addresses", text)
    assert not [word for word in PRIVATE if word in text + ran.out + ran.err]
    done = mongo_site.run("sync", "app")
    assert (done.code, len(mongo_site.people())) == (0, PEOPLE + 1), done.err


def test_a_draft_of_indices_loads_and_lets_the_pull_through(
    tmp_path: Path, opensearch: SearchClusters
) -> None:
    site = make_search_site(tmp_path, opensearch)
    path = undecided(site)
    ran = site.run("sanitise.init", "search")
    assert ran.code == 0, ran.err
    text = path.read_text()
    assert "people:\n  email: {sanitised: text}  # name looks like an e-mail address; 200" in text
    assert "orders:\n  number: {keep: long}\n" in text
    assert not [word for word in PRIVATE if word in text + ran.out + ran.err]
    done = site.run("sync", "search")
    assert (done.code, site.integration.documents("people")) == (0, SANITISED_INDEX), done.err


def test_what_somebody_decided_is_never_written_over(site: Site) -> None:
    site.decisions.stop("people: {id: {keep: integer}}\n")
    ran = site.run("sanitise.init", "app")
    assert (ran.code, "clean.columns.yaml is there already" in ran.err) == (2, True), ran.err
    assert (site.decisions.folder / "clean.columns.yaml").read_text().startswith("people: {id")
    done = site.run("sanitise.init", "app", "--output", "new.columns.yaml")
    assert (done.code, (site.folder / "new.columns.yaml").exists()) == (0, True), done.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ap",), "no database 'ap' in the inventory"),
        (("app", "--env", "nowhere"), "nowhere"),
        (("app", "--output", "x.yaml"), "--output x.yaml decides on no columns; accepted:"),
        (("app", "--output", "no/such.columns.yaml"), "cannot write no/such.columns.yaml: no such"),
    ],
)
def test_a_draft_that_cannot_be_is_refused(
    pushed: Site, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = pushed.run("sanitise.init", *arguments)
    assert (ran.code, sentence in ran.err, "Traceback" in ran.err) == (2, True, False), ran.err


def test_what_may_not_be_read_is_proposed_by_its_names_and_said_to_be(site: Site) -> None:
    path = undecided(site)
    site.integration.run("CREATE TABLE hidden (email text, n int)", site.target)
    ran = site.run("sanitise.init", "app", "--env", "integration")
    assert ran.code == 0, ran.err
    assert "not looked into, so proposed by names alone: hidden: " in ran.out
    assert "permission denied for table hidden" in ran.out
    assert "  email: {sanitised: text}  # name looks like an e-mail address\n" in path.read_text()


def test_a_draft_may_be_made_from_another_environment(site: Site) -> None:
    undecided(site)
    ran = site.run("sanitise.init", "app", "--env", "integration")
    assert (ran.code, "1 tables, 3 columns" in ran.out) == (0, True), ran.err

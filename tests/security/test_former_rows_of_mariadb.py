"""Tables that remember what their rows were, promoted: nobody reads there what was sanitised."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.mysql_site import SCRIPT, MysqlSite, mysql_site
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live

VERSIONED = """
CREATE TABLE accounts (id int PRIMARY KEY, email varchar(100), UNIQUE KEY (email))
  WITH SYSTEM VERSIONING;
CREATE TABLE sessions (id int PRIMARY KEY, email varchar(100)) WITH SYSTEM VERSIONING
  PARTITION BY SYSTEM_TIME (PARTITION former HISTORY, PARTITION present CURRENT);
CREATE TABLE orders (id int PRIMARY KEY, email varchar(100),
  begins bigint unsigned GENERATED ALWAYS AS ROW START,
  ends bigint unsigned GENERATED ALWAYS AS ROW END,
  PERIOD FOR SYSTEM_TIME (begins, ends)) ENGINE=InnoDB WITH SYSTEM VERSIONING;
CREATE TABLE `hosts of ``it` (id int PRIMARY KEY, email varchar(100)) WITH SYSTEM VERSIONING;
INSERT INTO accounts VALUES (1, 'anna@private.example'), (2, 'bob@private.example');
INSERT INTO sessions VALUES (1, 'anna@private.example'), (2, 'bob@private.example');
INSERT INTO orders (id, email) VALUES (1, 'anna@private.example'), (2, 'bob@private.example');
INSERT INTO `hosts of ``it` VALUES (1, 'private.example'), (2, 'example.com');
"""
TABLES = ("accounts", "sessions", "orders", "`hosts of ``it`")
CHANGES = f"""{SCRIPT}
UPDATE accounts SET email = concat('person-', id, '@example.com');
DELETE FROM sessions;
DELETE FROM orders WHERE id = 1;
UPDATE orders SET email = concat('person-', id, '@example.com');
"""
REWRITE = {"syncs.app.rewrite": {"hosts of `it.email": {"private.example": "example.com"}}}


@pytest.fixture
def site(tmp_path: Path, mariadb: Mariadb) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path, mariadb) as made:
        made.production.run(VERSIONED, made.source)
        made.script(CHANGES)
        made.write(integration=REWRITE)
        yield made


def test_who_asks_a_copy_what_its_rows_were_is_told_what_they_are(site: MysqlSite) -> None:
    reader = site.integration.account("reader", f"SELECT ON `{site.target}`.*")
    ran = site.run("sync", "app")
    assert ran.code == 0, ran.err
    assert {
        table: site.integration.run(
            f"SELECT id, email FROM {table} FOR SYSTEM_TIME ALL ORDER BY id", site.target, reader
        )
        for table in TABLES
    } == {
        "accounts": [(1, "person-1@example.com"), (2, "person-2@example.com")],
        "sessions": [],
        "orders": [(2, "person-2@example.com")],
        "`hosts of ``it`": [(1, "example.com"), (2, "example.com")],
    }


def test_checks_and_trials_see_no_former_rows_either(site: MysqlSite) -> None:
    former = "SELECT id FROM accounts FOR SYSTEM_TIME ALL WHERE email LIKE '%private%';\n"
    site.script(CHANGES, former)
    pushed = site.run("push", "app", "--env", "production")
    tried = site.run("sanitise.try", "app")
    assert (pushed.code, tried.code, site.schemas()) == (0, 0, {"live"}), tried.err


def test_a_dry_run_says_that_former_rows_are_deleted(site: MysqlSite) -> None:
    ran = site.run("sync", "app", "--dry-run")
    deletes, checks = ran.out.find("DELETE HISTORY, every table"), ran.out.find("check ")
    assert (ran.code, 0 < deletes < checks) == (0, True), ran.out


def test_former_rows_that_may_not_be_deleted_fail_the_pull(site: MysqlSite) -> None:
    account = f"`{site.accounts['integration']}`@`127.0.0.1`"
    everything = f"`{site.target.replace('_', chr(92) + '_')}%`.*"
    site.integration.run(f"REVOKE DELETE HISTORY ON {everything} FROM {account}")
    ran = site.run("sync", "app")
    assert (ran.code, "cannot delete the history of 'accounts'" in ran.err) == (1, True), ran.err
    assert site.schemas() == {"live"}

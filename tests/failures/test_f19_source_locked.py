"""F19: a push locks nothing: wherever it stands still, writers and readers of the source go on."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pymongo
import pytest

from tests.failures.aftermath import assert_nothing_left
from tests.failures.gated import gated_mongo, gated_postgresql
from tests.failures.stages import Stage, at_every_stage
from tests.live.mysql_site import MysqlSite, mysql_site
from tests.servers import wire
from tests.servers.gate import Gates, gate
from tests.servers.mariadb import Mariadb
from tests.servers.mongod import Mongo
from tests.servers.postgresql import PASSWORD, Postgresql
from tests.servers.waiting import another_second

pytestmark = pytest.mark.live

PUSH = ("push", "app", "--env", "production")
SILENT = frozenset({"publishing the manifest"})
BOUND = 15.0
"""Seconds no write to the source may take: one that waits for the push waits for the test."""
WRITES = (
    "INSERT INTO people (id, email, town) VALUES (100000, 'new@private.example', 'New')",
    "UPDATE people SET town = 'Newer' WHERE id = 100000",
    "DELETE FROM people WHERE id = 100000",
)
HELD = """
SELECT DISTINCT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'relation' AND l.granted AND a.application_name = 'envsync'
"""
WAITED_FOR = """
SELECT query FROM pg_stat_activity
 WHERE cardinality(pg_blocking_pids(pid)) > 0 AND datname = current_database()
"""


def longest(*writes: Callable[[], object]) -> float:
    """Carry out writes, one after the other; returns the seconds of the one that took longest."""
    took = []
    for write in writes:
        begun = time.monotonic()
        write()
        took.append(time.monotonic() - begun)
    return max(took)


def test_writers_go_on_at_every_stage_of_a_push_from_postgresql(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with gated_postgresql(tmp_path, postgresql) as steps:
        site = steps.scene.site
        assert steps.scene.run(*PUSH).code == 0

        def written(stage: Stage) -> None:
            with (
                steps.stopped(stage, "unanswered", *PUSH) as running,
                psycopg.connect(
                    site.production.conninfo(site.source), password=PASSWORD, autocommit=True
                ) as writer,
            ):
                writer.execute(f"SET statement_timeout = '{BOUND}s'")
                assert longest(*(partial(writer.execute, write) for write in WRITES)) < BOUND
                assert site.production.run(WAITED_FOR, site.source) == []
                modes = {mode for (mode,) in site.production.run(HELD, site.source)}
                assert modes <= {"AccessShareLock"}, modes
                steps.gates.resume()
                ended = steps.ended(running)
            assert ended.code == 0, ended.err

        at_every_stage(steps.stages(*PUSH, silent=SILENT), written)
        assert_nothing_left(steps.scene)


MAY_LOCK = {"MDL_SHARED_READ", "MDL_SHARED", "MDL_SHARED_HIGH_PRIO", "MDL_INTENTION_EXCLUSIVE"}
LOCKS = """
SELECT DISTINCT m.LOCK_MODE, m.LOCK_TYPE FROM information_schema.METADATA_LOCK_INFO m
  JOIN information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID WHERE p.USER = '{}'
"""
ROWS = """
SELECT trx_rows_locked FROM information_schema.INNODB_TRX t
  JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id WHERE p.USER = '{}'
"""


def kind(statement: str) -> str:
    """Return what a statement begins with; what pages of settings are set to does not matter."""
    first, *others = statement.split()
    return " ".join((first, *others[:1])) if first in {"SELECT", "SHOW"} else first


@pytest.fixture
def gated(tmp_path: Path, mariadb: Mariadb) -> Iterator[tuple[MysqlSite, Gates[str]]]:
    """A site on MariaDB whose production is behind a gate."""
    gates: Gates[str] = Gates(kind)
    with (
        mysql_site(tmp_path, mariadb) as site,
        gate(gates, site.production.port, wire.Mysql) as port,
    ):
        site.production.run("INSTALL SONAME 'metadata_lock_info'")
        site.write(production={"servers.mysql.port": port})
        yield site, gates
        site.production.run("UNINSTALL SONAME 'metadata_lock_info'")


def test_writers_go_on_at_every_stage_of_a_push_from_mariadb(
    gated: tuple[MysqlSite, Gates[str]],
) -> None:
    site, gates = gated
    assert site.run(*PUSH).code == 0
    asked = list(dict.fromkeys(gates.heard))
    assert "SELECT /*!40001" in asked, asked
    for each in asked:
        go_on_at(site, gates, each)


def go_on_at(site: MysqlSite, gates: Gates[str], wanted: str) -> None:
    """Have a push wait for an answer, and writers go on meanwhile; then let it end well."""
    account = site.accounts["production"]
    another_second()
    gates.stop_at(wanted.__eq__, "unanswered")
    running = site.start(*PUSH)
    gates.wait(lambda: running.poll() is not None)
    with site.production.connect(site.source) as connection, connection.cursor() as writer:
        writer.execute(f"SET lock_wait_timeout = {BOUND:.0f}")
        writer.execute(f"SET innodb_lock_wait_timeout = {BOUND:.0f}")
        assert longest(*(partial(writer.execute, write) for write in WRITES)) < BOUND
    modes = set(site.production.run(LOCKS.format(account)))
    assert {mode for mode, _ in modes} <= MAY_LOCK, (wanted, modes)
    assert sum(count for (count,) in site.production.run(ROWS.format(account))) == 0
    gates.resume()
    _, told = running.communicate(timeout=60)
    assert running.returncode == 0, (wanted, told)


def test_writers_go_on_at_every_stage_of_a_push_from_mongodb(tmp_path: Path, mongo: Mongo) -> None:
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as steps:
        site = steps.scene.site
        assert steps.scene.run(*PUSH).code == 0

        def written(stage: Stage) -> None:
            with (
                steps.stopped(stage, "unanswered", *PUSH) as running,
                site.production.client() as client,
            ):
                people = client[site.source].people
                with pymongo.timeout(BOUND):
                    assert (
                        longest(
                            lambda: people.insert_one({"_id": 0, "email": "new@private.example"}),
                            lambda: people.update_one({"_id": 0}, {"$set": {"town": "Newer"}}),
                            lambda: people.create_index("town", name="meanwhile"),
                            lambda: people.drop_index("meanwhile"),
                            lambda: people.delete_one({"_id": 0}),
                        )
                        < BOUND
                    )
                steps.gates.resume()
                ended = steps.ended(running)
            assert ended.code == 0, ended.err

        at_every_stage(steps.stages(*PUSH, silent=SILENT), written)
        assert_nothing_left(steps.scene)

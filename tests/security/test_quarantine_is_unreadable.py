"""Applications try to read a pull's quarantine at every question it asks: they never can.

Who may connect to everything by the server's own rules, as a superuser may, is no subject of these
tests: docs/security.md lists them.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pymysql
import pytest
from pymongo.errors import PyMongoError

from tests.live.mongo_site import MongoSite
from tests.live.mongo_site import mongo_site as temporary_mongo_site
from tests.live.mysql_site import MysqlSite, mysql_site
from tests.live.search_site import make_search_site
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.security.intruders import BETWEEN, PRIVATE, Intruders
from tests.servers import wire
from tests.servers.gate import Gates, gate
from tests.servers.mariadb import Mariadb
from tests.servers.mongod import Mongo
from tests.servers.opensearch import SearchClusters
from tests.servers.postgresql import PASSWORD, Postgresql
from tests.servers.wire import MakeReader

pytestmark = pytest.mark.live


class Ended(Protocol):
    """A run of the program, as the sites of all engines tell it."""

    @property
    def code(self) -> int: ...

    @property
    def err(self) -> str: ...


NOT_THERE = "is not there"
REFUSED = "is refused"
WAITS = "waits until the promote is over"
NOTHING_PRIVATE = "holds nothing private"


@contextmanager
def tried(intruders: Intruders, port: int, reader: MakeReader) -> Iterator[int]:
    """Yield a port that leads to a server; everything that is asked there is first tried."""
    with gate(Gates(intruders.at), port, reader) as reached, intruders.between():
        yield reached


def told(rows: list[str]) -> str:
    """Say what was read."""
    return (
        f"{len(rows)} rows: {rows[:3]}" if any(PRIVATE in row for row in rows) else NOTHING_PRIVATE
    )


def assert_done(ran: Ended, intruders: Intruders, allowed: dict[str, set[str]]) -> None:
    """A run ended well, and each intruder met with nothing but what is allowed."""
    assert ran.code == 0, ran.err
    met = {who: set(found) for who, found in intruders.found.items()}
    assert {who: met[who] - allowed[who] for who in met} == {who: set() for who in met}


# PostgreSQL: a database that nobody may connect to.


def reader(site: Site, role: str, suffix: str) -> Callable[[], str]:
    conninfo = site.integration.conninfo(f"{site.target}{suffix}", role)

    def attempt() -> str:
        try:
            with psycopg.connect(conninfo, password=PASSWORD, connect_timeout=5) as connection:
                query = "SELECT email FROM people UNION ALL SELECT body FROM notes"
                return told([row for (row,) in connection.execute(query).fetchall()])
        except psycopg.Error as error:
            said = str(error)
            if "does not exist" in said:
                return NOT_THERE
            # Those that have given up waiting still wait on the server, and take its slots.
            if any(words in said for words in ("timeout", "connection slots", "too many clients")):
                return WAITS
            refused = ("permission denied for", "not currently accepting", "terminating connection")
            return REFUSED if any(words in said for words in refused) else said

    return attempt


def test_no_role_of_postgresql_reads_the_quarantine_at_any_question(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    """Not the owner of the live database, nor who may read all data of databases it can enter."""
    with temporary_site(tmp_path, postgresql) as site:
        server = site.integration
        roles = {
            "owner": site.owner,
            "member of the owner": server.role("member", member_of=[site.owner]),
            "stranger": server.role("stranger"),
            "reader of all data": server.role("reading", member_of=["pg_read_all_data"]),
            "monitor": server.role("monitor", member_of=["pg_monitor"]),
            "maker of databases": server.role("maker", "CREATEDB CREATEROLE"),
        }
        intruders = Intruders(
            {
                **{f"{who} in quarantine": reader(site, roles[who], "__incoming") for who in roles},
                "owner in previous": reader(site, site.owner, "__previous"),
                "owner in discarded": reader(site, site.owner, "__discarded"),
            }
        )
        assert site.run("sync", "app").code == 0
        with tried(intruders, server.port, wire.Postgresql) as port:
            site.write(integration={"servers.postgres.port": port})
            ran = site.run("pull", "app")
        # What was live may be read by who could read it before: it was sanitised, too.
        kept = {NOT_THERE, REFUSED, WAITS, NOTHING_PRIVATE}
        allowed = {
            who: {NOT_THERE, REFUSED, WAITS} if who.endswith("quarantine") else kept
            for who in intruders.attempts
        }
        assert_done(ran, intruders, allowed)
        for who in roles:
            refused = intruders.stages(f"{who} in quarantine", REFUSED)
            asked = {"REVOKE", "ALTER", "COPY", "CREATE", "UPDATE", "SELECT", "VACUUM", "COMMIT"}
            assert asked | {BETWEEN} <= refused, f"{who}: {asked - refused}"


# MySQL and MariaDB: a schema in which nobody has a privilege.


def schema_reader(site: MysqlSite, account: str, schema: str, *tables: str) -> Callable[[], str]:
    connection = site.integration.connect(None, account)
    alone = threading.Lock()

    def attempt() -> str:
        rows: list[str] = []
        for table in tables:
            try:
                with alone, connection.cursor() as cursor:
                    cursor.execute(f"SELECT * FROM `{schema}`.`{table}`")
                    rows += [str(row) for row in cursor.fetchall()]
            except pymysql.Error as error:
                if "denied" in str(error):
                    return REFUSED
                if "doesn't exist" not in str(error):
                    return str(error)
        return told(rows)

    return attempt


def test_no_account_of_mariadb_reads_the_quarantine_at_any_question(
    tmp_path: Path, mariadb: Mariadb
) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        server = site.integration
        escaped = site.target.replace("_", "\\_")
        accounts = {
            "application": server.account("app", f"ALL ON `{escaped}`.*"),
            "reader": server.account("reader", f"SELECT, SHOW VIEW ON `{escaped}`.*"),
            "stranger": server.account("stranger"),
            "monitor": server.account("monitor", "PROCESS, SHOW DATABASES ON *.*"),
        }
        app = accounts["application"]
        intruders = Intruders(
            {
                f"{who} in quarantine": schema_reader(
                    site, account, f"{site.target}__incoming", "people", "notes"
                )
                for who, account in accounts.items()
            }
            | {
                f"application in {suffix}": schema_reader(
                    site, app, f"{site.target}{suffix}", "people"
                )
                for suffix in ("__previous", "__discarded")
            }
            | {"application in envsync": schema_reader(site, app, "envsync", "objects")}
        )
        assert site.run("sync", "app").code == 0
        with tried(intruders, server.port, wire.Mysql) as port:
            site.write(integration={"servers.mysql.port": port})
            ran = site.run("pull", "app")
        assert_done(ran, intruders, {who: {REFUSED} for who in intruders.attempts})
        asked = {"CREATE", "INSERT", "UPDATE", "ALTER", "RENAME", "DROP", BETWEEN}
        for who in accounts:
            refused = intruders.stages(f"{who} in quarantine", REFUSED)
            assert asked <= refused, f"{who}: {asked - refused}"


# MongoDB: a database in which nobody has a role; what lies beside the live collections is clean.


@pytest.fixture
def mongo_site(tmp_path: Path, mongo: Mongo) -> Iterator[MongoSite]:
    with temporary_mongo_site(tmp_path, mongo) as made:
        yield made


def test_no_user_of_mongodb_reads_the_quarantine_at_any_moment(mongo_site: MongoSite) -> None:
    server, name = mongo_site.integration, mongo_site.target
    users = {
        "application": server.user(f"{name}:app", ("readWrite", name)),
        "owner": server.user(f"{name}:owner", ("dbOwner", name)),
        "reader": server.user(f"{name}:reader", ("read", name)),
        "stranger": server.user(f"{name}:stranger"),
        "monitor": server.user(f"{name}:monitor", ("clusterMonitor", "admin")),
    }
    clients = {who: server.client(user) for who, user in users.items()}

    def attempt(who: str, database: str) -> Callable[[], str]:
        def read() -> str:
            found = clients[who][database]
            try:
                rows = [
                    str(document.get("email"))
                    for collection in ("people", *_listed(found))
                    for document in found[collection].find()
                ]
            except PyMongoError as error:
                said = str(error)
                # A collection that is renamed while it is read is read no further.
                refused = any(words in said for words in ("not authorized", "QueryPlanKilled"))
                return REFUSED if refused else said
            return told(rows)

        return read

    def _listed(found: Any) -> list[str]:
        return [each for each in found.list_collection_names() if not each.startswith("system.")]

    intruders = Intruders(
        {
            f"{who} in {place}": attempt(who, database)
            for who in users
            for place, database in (("quarantine", f"{name}__incoming"), ("live", name))
        }
    )
    assert mongo_site.run("push", "app", "--env", "production").code == 0
    for _ in range(3):
        with intruders.between():
            ran = mongo_site.run("pull", "app")
    for client in clients.values():
        client.close()
    assert_done(
        ran,
        intruders,
        {
            who: {REFUSED} if who.endswith("quarantine") else {REFUSED, NOTHING_PRIVATE}
            for who in intruders.attempts
        },
    )
    assert intruders.found["application in live"][NOTHING_PRIVATE] == {BETWEEN}


# Search clusters without a security plugin know no roles: what is told is what names do not show.


def test_no_search_by_name_alias_or_pattern_finds_the_quarantine(
    tmp_path: Path, opensearch: SearchClusters
) -> None:
    """A client that spells out the name of a hidden index is let in: there is nobody to stop it."""
    site = make_search_site(tmp_path, opensearch)
    cluster = site.integration

    def attempt(where: str) -> Callable[[], str]:
        def search() -> str:
            connection = http.client.HTTPConnection("127.0.0.1", cluster.port, timeout=120)
            try:
                body = json.dumps({"query": {"match_all": {}}, "size": 1000})
                headers = {"content-type": "application/json"}
                connection.request("POST", f"/{where}/_search", body, headers)
                found = json.loads(connection.getresponse().read())
            finally:
                connection.close()
            hits = found.get("hits", {}).get("hits", [])
            return told([str(hit["_source"].get("email")) for hit in hits])

        return search

    places = ("people", "people-*", "*", "_all", "peo*,orders")
    intruders = Intruders({f"a client of {where}": attempt(where) for where in places})
    assert site.run("sync", "search").code == 0
    with tried(intruders, cluster.port, wire.Http) as port:
        site.ports["integration"] = port
        site.write()
        ran = site.run("pull", "search")
    assert_done(ran, intruders, {who: {NOTHING_PRIVATE} for who in intruders.attempts})
    assert intruders.stages("a client of *", NOTHING_PRIVATE) >= {"POST", "PUT", "GET", BETWEEN}

"""How MySQL is pushed and pulled: steps and facts in, printed commands and refusals out."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from envsync.artefacts import Manifest
from envsync.commands import Command
from envsync.commands.mysql import Dump, RunChecks, RunScript
from envsync.commands.mysql_promote import Promote
from envsync.dbms import mysql
from envsync.dbms.mysql_clients import dump_client, dump_options
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.mysql import Brand, Client, PullFacts, PushFacts, Schema, Server
from envsync.inventory.model import Database, Dbms, Inventory
from envsync.inventory.model import Server as OnServer
from envsync.places import Endpoint
from envsync.plan.expand import expand
from tests.fleet import INTEGRATION, NOW, PRODUCTION, sync


def database(where: object, name: str) -> Database:
    home = PRODUCTION if where == "production" else INTEGRATION
    endpoint = Endpoint("mysql", f"mysql.{home.name}", 3306, "envsync")
    return Database("shop", home, OnServer(Dbms.MYSQL, endpoint, "db_admin"), name, "mysql")


SOURCE, TARGET = database("production", "shop"), database("integration", "shop")
PUSH, PULL = expand(
    Inventory((PRODUCTION, INTEGRATION), (SOURCE, TARGET), (sync(SOURCE, TARGET),))
).steps
REQUEST = Request(NOW)
MARIADB = Client("MariaDB", (10, 11, 19), "10.11.19-MariaDB", "/usr/bin/mariadb-dump")
MYSQL = Client("MySQL", (8, 4, 1), "8.4.1", "/opt/mysql/bin/mysqldump")
SERVER = Server("10.11.19-MariaDB", "", "envsync@%", 0, 1 << 24, frozenset({"utf8mb4_general_ci"}))
SCHEMA = Schema("shop", 1000, "utf8mb4", "utf8mb4_general_ci", 2, ("utf8mb4_general_ci",))
PUSH_FACTS = PushFacts((MYSQL, MARIADB), SERVER, SCHEMA)
MANIFEST = Manifest(
    environment="production",
    database="shop",
    name="shop",
    dbms="mysql",
    stamp=str(NOW),
    format="sql.zst",
    row_counts="exact",
    collations=("utf8mb4_general_ci",),
    lower_case_table_names=0,
    server_version="10.11.19-MariaDB",
    client_version="10.11.19-MariaDB",
    envsync_version="0",
)
PULL_FACTS = PullFacts(MANIFEST, SERVER, SCHEMA, None)


def kinds(commands: Iterable[Command]) -> list[str]:
    return [type(command).__name__ for command in commands]


def test_a_push_dumps_everything_in_one_snapshot_without_a_lock() -> None:
    (dump,) = (c for c in mysql.commands(PUSH, REQUEST, PUSH_FACTS) if isinstance(c, Dump))
    assert dump.argv == (
        "/usr/bin/mariadb-dump",
        "--defaults-file={credentials}",
        "--single-transaction",
        "--quick",
        "--routines",
        "--events",
        "--triggers",
        "--hex-blob",
        "--no-tablespaces",
        "--skip-comments",
        "--skip-add-locks",
        "--skip-disable-keys",
        "--max-allowed-packet=1G",
        "--default-character-set=utf8mb4",
        "--host=mysql.production",
        "--port=3306",
        "--protocol=TCP",
        "--ssl",
        "--ssl-verify-server-cert",
        "--ssl-ca=/etc/ssl/certs/ca-certificates.crt",
        "--user=envsync",
        "--",
        "shop",
    )


def test_nothing_is_promoted_before_it_is_sanitised_and_checked() -> None:
    done = list(mysql.commands(PULL, REQUEST, PULL_FACTS))
    assert kinds(done) == [
        *("Claim", "Recover", "DropSchema", "DropSchema", "CreateSchema", "Restore"),
        *("CompareRows", "CheckColumns", "RunScript", "DeleteHistory", "RunChecks"),
        *("Analyse", "Promote"),
    ]
    acts = [type(c) for c in done if isinstance(c, RunScript | RunChecks | Promote)]
    assert acts == [RunScript, RunChecks, Promote]


@pytest.mark.parametrize(
    ("version", "brand"), [("8.4.1", "MySQL"), ("11.4.2-MariaDB-log", "MariaDB")]
)
def test_the_client_is_of_the_server_s_own_brand(version: str, brand: Brand) -> None:
    assert dump_client((MARIADB, MYSQL), replace(SERVER, version=version)).brand == brand


def test_mysqldump_is_told_what_only_it_understands() -> None:
    options = list(dump_options(MYSQL, SOURCE.server.endpoint))
    assert {"--set-gtid-purged=OFF", "--column-statistics=0", "--ssl-mode=VERIFY_IDENTITY"} <= {
        *options
    }
    assert "--ssl" not in options


def test_a_replica_is_rightly_idle() -> None:
    replica = replace(PUSH_FACTS, server=replace(SERVER, replica="the server is a replica"))
    assert mysql.idle(replica) == "the server is a replica"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (replace(PULL_FACTS, readers=None), "GRANT SELECT ON mysql"),
        (replace(PULL_FACTS, readers=("'nosy'@'%' on *.*",)), "'nosy'@'%' on .* could read"),
        (replace(PULL_FACTS, pointing=("other.t",)), "foreign keys of other.t point into 'shop'"),
        (replace(PULL_FACTS, server=replace(SERVER, collations=frozenset())), "has no collation"),
        (
            replace(PULL_FACTS, server=replace(SERVER, lower_case_table_names=1)),
            "lower_case_table_names is 0",
        ),
        (replace(PULL_FACTS, server=replace(SERVER, free_bytes=0)), None),
    ],
)
def test_a_pull_that_cannot_go_well_is_refused(facts: PullFacts, sentence: str | None) -> None:
    if sentence is None:
        mysql.refuse(PULL, REQUEST, facts)
        return
    with pytest.raises(RefusedError, match=sentence):
        mysql.refuse(PULL, REQUEST, facts)


def test_a_push_of_nothing_is_refused() -> None:
    for source in (None, replace(SCHEMA, tables=0)):
        with pytest.raises(RefusedError, match="correct name"):
            mysql.refuse(PUSH, REQUEST, replace(PUSH_FACTS, source=source))

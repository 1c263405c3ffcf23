"""Restore drills of every engine: they restore, compare, check and drop; they promote nothing."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from envsync.artefacts import ArtefactKey
from envsync.commands import Command, Measured
from envsync.commands.artefacts import RecordVerification
from envsync.dbms.drivers import abandon, commands
from envsync.dbms.request import Fault, Request
from envsync.facts import PullFactsBase
from envsync.facts.elasticsearch import PullFacts as SearchFacts
from envsync.facts.mongo import PullFacts as MongoFacts
from envsync.facts.mongo import Server as MongoServer
from envsync.facts.mysql import PullFacts as MysqlFacts
from envsync.inventory.model import Database, Dbms, Drill, Inventory, Options, Server
from envsync.places import Endpoint, SnapshotRepository
from envsync.plan.expand import expand
from envsync.plan.model import Step
from tests.dbms import test_elasticsearch as search
from tests.dbms import test_mysql as mysql
from tests.fleet import CHECKS, MANIFEST, NOW, PRODUCTION, PULL_FACTS

REQUEST = Request(NOW)


def drill(dbms: Dbms) -> Step:
    endpoint = Endpoint("main", "db.production", 1)
    spare = replace(endpoint, name="spare", host="spare.production")
    repository = SnapshotRepository("nightly", endpoint) if dbms is Dbms.ELASTICSEARCH else None
    database = Database(
        "app",
        PRODUCTION,
        Server(dbms, endpoint, "admin", repository=repository),
        "app",
        "path",
        scratch=Server(dbms, spare, "admin", scratch=True),
    )
    checks = None if dbms is Dbms.ELASTICSEARCH else CHECKS
    listed = Drill(database, checks, Options("verify app of production"))
    (step,) = expand(Inventory((PRODUCTION,), (database,), drills=(listed,))).steps
    return step


def of_app(facts: PullFactsBase) -> PullFactsBase:
    assert facts.manifest is not None
    names = {"environment": "production", "database": "app", "name": "app"}
    return replace(facts, manifest=facts.manifest.model_copy(update=names))


MONGO_SERVER = MongoServer("6.0.1", "alone", None)
FACTS: dict[Dbms, PullFactsBase] = {
    Dbms.POSTGRESQL: of_app(replace(PULL_FACTS, live=None, previous=None)),
    Dbms.MYSQL: of_app(MysqlFacts(mysql.MANIFEST, mysql.SERVER, None, None)),
    Dbms.MONGO: of_app(
        MongoFacts(MANIFEST.model_copy(update={"format": "archive.zst"}), MONGO_SERVER, None)
    ),
    Dbms.ELASTICSEARCH: of_app(
        SearchFacts(search.MANIFEST, search.CLUSTER, readonly=True, indices=())
    ),
}


def kinds(done: Iterable[Command]) -> list[str]:
    return [type(command).__name__ for command in done]


DONE = {
    Dbms.POSTGRESQL: [
        *("Claim", "DropDatabase", "DropDatabase", "Sql", "Sql", "Sql", "Restore", "CompareRows"),
        *("RunChecks", "PutBack", "DropDatabase", "RecordVerification"),
    ],
    Dbms.MYSQL: [
        *("Claim", "DropSchema", "CreateSchema", "Restore", "CompareRows", "RunChecks"),
        *("DropSchema", "RecordVerification"),
    ],
    Dbms.MONGO: [
        *("Claim", "DropDatabase", "Restore", "CompareRows", "RunChecks", "DropDatabase"),
        "RecordVerification",
    ],
    Dbms.ELASTICSEARCH: ["Claim", "DropLeftovers", "Restore", "CompareRows", "DropLeftovers"],
}


@pytest.mark.parametrize("dbms", Dbms)
def test_a_drill_restores_checks_drops_and_only_then_says_so(dbms: Dbms) -> None:
    assert kinds(commands(drill(dbms), REQUEST, FACTS[dbms])) == DONE[dbms]


@pytest.mark.parametrize("dbms", Dbms)
def test_a_drill_touches_the_scratch_server_alone(dbms: Dbms) -> None:
    done = list(commands(drill(dbms), REQUEST, FACTS[dbms]))
    shown = "\n".join(line for command in done for line in command.lines())
    assert "spare.production" in shown
    assert "db.production" not in shown


@pytest.mark.parametrize("dbms", [Dbms.POSTGRESQL, Dbms.MYSQL, Dbms.MONGO])
def test_what_a_drill_finds_wrong_with_an_artefact_is_written_beside_it(dbms: Dbms) -> None:
    key = ArtefactKey("path", NOW, "app", "dump.zst")
    fault = Fault(key, "altered", Measured(rows={"a": 1}, seconds=2.0), "15.18")
    *_, told = abandon(drill(dbms), replace(REQUEST, fault=fault))
    assert isinstance(told, RecordVerification)
    found = told.verification
    assert (told.location.key, found.healthy, found.reason) == (key, False, "altered")
    assert (found.rows, found.seconds, found.server_version) == ({"a": 1}, 2.0, "15.18")


def test_a_drill_that_never_got_to_its_artefact_drops_nothing_and_says_nothing() -> None:
    assert not list(abandon(drill(Dbms.POSTGRESQL), replace(REQUEST, touched=False)))


def test_a_repository_of_snapshots_is_not_written_into() -> None:
    key = ArtefactKey("path", NOW, "app", "snapshot")
    fault = Fault(key, "altered", Measured())
    done = kinds(abandon(drill(Dbms.ELASTICSEARCH), replace(REQUEST, fault=fault)))
    assert done == ["DropLeftovers"]

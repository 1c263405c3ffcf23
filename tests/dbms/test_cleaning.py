"""Cleaning on every engine: nothing is published that was not sanitised and checked before."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from envsync.artefacts import ArtefactKey, Manifest, ScriptUsed
from envsync.commands import Command
from envsync.commands.artefacts import Publish
from envsync.commands.elasticsearch_snapshots import TakeSnapshot
from envsync.dbms.drivers import abandon, commands, idle, step_driver
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts import PullFactsBase
from envsync.facts.elasticsearch import PullFacts as SearchFacts
from envsync.facts.mongo import PullFacts as MongoFacts
from envsync.facts.mongo import Server as MongoServer
from envsync.facts.mysql import PullFacts as MysqlFacts
from envsync.inventory.model import Database, Dbms, Inventory, Server, Sync
from envsync.places import Endpoint, FileStorage, SnapshotRepository
from envsync.plan.expand import expand
from envsync.plan.model import Step
from tests.dbms import test_elasticsearch as search
from tests.dbms import test_mysql as mysql
from tests.fleet import MANIFEST, NOW, PRODUCTION, PULL_FACTS, STAGING, sync

REQUEST = Request(NOW)
STREAMED = [Dbms.POSTGRESQL, Dbms.MYSQL, Dbms.MONGO]
AT_HAND = ScriptUsed(name="clean.sql", sha256="a" * 64)
HOME = replace(PRODUCTION, clean_storage=FileStorage("/store/clean"))


def edge(dbms: Dbms) -> Sync:
    main = Endpoint("main", "db.production", 1)
    spare = replace(main, name="spare", host="spare.production")
    source = Database(
        "app",
        HOME,
        Server(dbms, main, "admin"),
        "app",
        "path",
        scratch=Server(dbms, spare, "admin", scratch=True),
    )
    target = replace(source, environment=STAGING, server=Server(dbms, main, "admin"), scratch=None)
    return replace(sync(source, target), sanitise_at="source")


def steps(dbms: Dbms) -> Sequence[Step]:
    known = edge(dbms)
    declared = Inventory((HOME, STAGING), (known.source, known.target), (known,))
    return expand(declared).steps


def of_app(facts: PullFactsBase) -> PullFactsBase:
    assert facts.manifest is not None
    names = {"environment": "production", "database": "app", "name": "app"}
    manifest = facts.manifest.model_copy(update=names)
    return replace(facts, manifest=manifest, script=AT_HAND)


FACTS: dict[Dbms, PullFactsBase] = {
    Dbms.POSTGRESQL: of_app(replace(PULL_FACTS, live=None, previous=None)),
    Dbms.MYSQL: of_app(
        MysqlFacts(mysql.MANIFEST, mysql.SERVER, None, None, clients=(mysql.MARIADB,))
    ),
    Dbms.MONGO: of_app(
        MongoFacts(
            MANIFEST.model_copy(update={"format": "archive.zst", "dbms": "mongo"}),
            MongoServer("6.0.1", "alone", None),
            None,
            client_version="4.10",
        )
    ),
}


def done(dbms: Dbms) -> list[Command]:
    return list(commands(steps(dbms)[1], REQUEST, FACTS[dbms]))


def kinds(found: Iterable[Command]) -> list[str]:
    return [type(command).__name__ for command in found]


@pytest.mark.parametrize("dbms", STREAMED)
def test_nothing_is_dumped_or_published_before_it_is_sanitised_and_checked(dbms: Dbms) -> None:
    names = kinds(done(dbms))
    order = ["Claim", "Supersede", "Restore", "CompareRows", "RunScript", "RunChecks", "Dump"]
    assert [name for name in names if name in order] == [
        *order[:-1],
        *(["RunChecks"] if dbms is Dbms.MONGO else []),
        "Dump",
    ]
    assert names[-1] == "Publish"
    assert names.count("Publish") == names.count("Dump") == 1
    assert names.index("Dump") > max(at for at, name in enumerate(names) if name == "RunChecks")


def test_no_snapshot_is_taken_before_it_is_sanitised_and_checked() -> None:
    main = Endpoint("main", "search.production", 9200)
    spare = replace(main, name="spare", host="spare.production")
    raw, clean = SnapshotRepository("raw", main), SnapshotRepository("clean", spare)
    source = Database(
        "search",
        PRODUCTION,
        Server(Dbms.ELASTICSEARCH, main, "admin", repository=raw),
        "search",
        "elasticsearch",
        indices=("people",),
        scratch=Server(Dbms.ELASTICSEARCH, spare, "admin", repository=clean, scratch=True),
    )
    target = replace(source, environment=STAGING, scratch=None)
    known = replace(sync(source, target), checks=None, sanitise_at="source")
    _, step, pull = expand(Inventory((PRODUCTION, STAGING), (source, target), (known,))).steps
    facts = replace(
        SearchFacts(search.MANIFEST, search.CLUSTER, readonly=True, indices=()), script=AT_HAND
    )
    found = list(commands(step, REQUEST, facts))
    assert kinds(found) == [
        *("Claim", "DropSnapshot", "DropLeftovers", "Restore", "CompareRows"),
        *("CheckColumns", "RunScript", "RunChecks", "TakeSnapshot", "DropLeftovers"),
    ]
    (taken,) = (command for command in found if isinstance(command, TakeSnapshot))
    assert (taken.repository, taken.clean) == ("clean", True)
    assert taken.manifest.sanitised == (AT_HAND,)
    arrives = kinds(commands(pull, REQUEST, facts))
    assert "RunScript" not in arrives
    assert arrives.index("RunChecks") < arrives.index("Promote")


@pytest.mark.parametrize("dbms", STREAMED)
def test_a_cleaning_reads_the_raw_storage_and_writes_the_clean_one_alone(dbms: Dbms) -> None:
    shown = [line for command in done(dbms) for line in command.lines()]
    written = [line for line in shown if "upload " in line or line.startswith("publish ")]
    assert all("file:///store/clean/path/" in line for line in written)
    assert not [line for line in shown if "db.production" in line]
    (read,) = (line for line in shown if "download " in line)
    assert "download file:///store/production/path/" in read


@pytest.mark.parametrize("dbms", STREAMED)
def test_a_clean_artefact_is_of_the_moment_of_the_raw_one_and_says_by_what(dbms: Dbms) -> None:
    *_, publish = done(dbms)
    assert isinstance(publish, Publish)
    made = publish.manifest
    assert (made.stamp, made.name, made.sanitised_at) == (str(NOW), "app", str(NOW))
    assert made.sanitised == (AT_HAND,)
    assert (made.bytes, made.sha256, made.rows) == (0, "", {})


@pytest.mark.parametrize("dbms", STREAMED)
def test_a_cleaning_that_fails_leaves_neither_quarantine_nor_artefact(dbms: Dbms) -> None:
    key = ArtefactKey("path", NOW, "app", "dump.zst")
    asked = replace(REQUEST, dumped=True, restored=key)
    *_, last = abandon(steps(dbms)[1], asked)
    assert list(last.lines()) == [
        "remove file:///store/clean/path/2026-11-20T02:40:00Z-app.dump.zst if it has no manifest"
    ]
    assert kinds(abandon(steps(dbms)[1], REQUEST))[-1].startswith("Drop")


@pytest.mark.parametrize("dbms", STREAMED)
def test_a_pull_of_what_is_clean_runs_its_checks_and_no_script(dbms: Dbms) -> None:
    names = kinds(commands(steps(dbms)[2], REQUEST, FACTS[dbms]))
    assert "RunScript" not in names
    assert names.index("RunChecks") < names.index("Promote")


def clean(**changes: object) -> Manifest:
    made = {"sanitised": (AT_HAND,), "sanitised_at": str(NOW), **changes}
    manifest = FACTS[Dbms.POSTGRESQL].manifest
    assert manifest is not None
    return manifest.model_copy(update=made)


@pytest.mark.parametrize("dbms", STREAMED)
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sanitised": (), "sanitised_at": ""}, "is raw: its manifest does not say"),
        ({"sanitised": (AT_HAND,), "sanitised_at": ""}, "is raw: its manifest does not say"),
        (
            {"sanitised": (ScriptUsed(name="other.sql", sha256="a" * 64),), "sanitised_at": "x"},
            "was made clean by other.sql, and the sync of app .staging. names clean.sql",
        ),
        (
            {"sanitised": (ScriptUsed(name="clean.sql", sha256="b" * 64),), "sanitised_at": "x"},
            "was made clean by another version of clean.sql",
        ),
    ],
)
def test_a_pull_that_promises_clean_data_takes_nothing_else(
    dbms: Dbms, changes: dict[str, object], sentence: str
) -> None:
    facts = FACTS[dbms]
    assert facts.manifest is not None
    smuggled = replace(facts, manifest=facts.manifest.model_copy(update=changes))
    step = steps(dbms)[2]
    with pytest.raises(RefusedError, match=sentence):
        step_driver(step).refuse(step, REQUEST, smuggled)


def test_what_is_clean_already_is_left_as_it_is() -> None:
    step, facts = steps(Dbms.POSTGRESQL)[1], FACTS[Dbms.POSTGRESQL]
    assert idle(step, facts) is None
    assert idle(step, replace(facts, cleaned=clean())) == (
        "the artefact of 2026-11-20T02:40:00Z is already clean, by clean.sql"
    )


@pytest.mark.parametrize(
    "made",
    [
        clean(sanitised=(ScriptUsed(name="clean.sql", sha256="b" * 64),)),
        clean(without_rows=("events",)),
    ],
)
def test_what_was_made_clean_otherwise_is_made_again(made: Manifest) -> None:
    facts = replace(FACTS[Dbms.POSTGRESQL], cleaned=made)
    assert idle(steps(Dbms.POSTGRESQL)[1], facts) is None

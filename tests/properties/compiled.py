"""Steps of random plans compiled to commands, from facts drawn at random."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as some

from envsync.artefacts import Manifest, ScriptUsed
from envsync.commands import Command
from envsync.dbms.drivers import commands, step_driver
from envsync.dbms.request import Request
from envsync.facts import Facts, PullFactsBase, elasticsearch, mongo
from envsync.facts.buckets import Changes, CopyFacts
from envsync.inventory.model import Dbms
from envsync.plan.model import Push, Step
from envsync.questions import PullQuestion
from envsync.questions.buckets import ObserveCopy
from tests import fleet
from tests.dbms import test_mysql
from tests.properties.words import TEXT

NOW = fleet.NOW
_ROWS = some.dictionaries(TEXT.map(lambda text: f"public.{text}"), some.integers(0, 9), max_size=3)
_FORMATS = {
    Dbms.POSTGRESQL: "dump.zst",
    Dbms.MYSQL: "sql.zst",
    Dbms.MONGO: "archive.zst",
    Dbms.ELASTICSEARCH: "snapshot",
}
_VERSIONS = {Dbms.MYSQL: "10.11.19-MariaDB", Dbms.ELASTICSEARCH: "2.19.1"}
_SEARCH = elasticsearch.Cluster("opensearch", "2.19.1", "3.2.0 (opensearch-py)")
_INDICES = (elasticsearch.Index("people-2026", {"people": "{}"}, documents=7, bytes=1000),)
_MONGO = mongo.Server("6.0", "primary", "envsync")


def request() -> Request:
    """The run that all steps belong to."""
    return Request(NOW)


@some.composite
def facts(draw: some.DrawFn, step: Step) -> Facts:
    """Draw what might be seen before a step acts, all in order."""
    question = step_driver(step).question(step, request())
    if isinstance(question, ObserveCopy):
        seen = some.builds(Changes, *(some.integers(0, 9),) * 5)
        return CopyFacts(draw(some.none() | seen), draw(some.booleans()))
    dbms = step.database.server.dbms
    if isinstance(step.action, Push):
        return _push_facts(dbms, tuple(draw(_ROWS)))
    if not isinstance(question, PullQuestion):
        raise TypeError(f"{step.action} asks no question that is known here")
    manifest = _manifest(question, dbms, draw(_ROWS), large_objects=draw(some.booleans()))
    found = _pull_facts(dbms, manifest, live=draw(some.booleans()), previous=draw(some.booleans()))
    script = question.wanted.sanitised_by
    return replace(found, script=ScriptUsed(name=script.name, sha256="0" * 64) if script else None)


def _manifest(
    question: PullQuestion, dbms: Dbms, rows: Mapping[str, int], *, large_objects: bool
) -> Manifest:
    return fleet.MANIFEST.model_copy(
        update={
            "environment": question.wanted.environment,
            "database": question.wanted.database,
            "name": question.wanted.name,
            "dbms": str(dbms),
            "stamp": str(NOW),
            "format": _FORMATS[dbms],
            "rows": rows,
            "server_version": _VERSIONS.get(dbms, "15.18"),
            "client_version": _VERSIONS.get(dbms, "15.18"),
            "large_objects": large_objects and dbms is Dbms.POSTGRESQL,
        }
    )


def _push_facts(dbms: Dbms, named: tuple[str, ...]) -> Facts:
    match dbms:
        case Dbms.POSTGRESQL:
            source = replace(fleet.LIVE, with_rows=named)
            return replace(fleet.PUSH_FACTS, source=source)
        case Dbms.MYSQL:
            schema = replace(test_mysql.SCHEMA, with_rows=named)
            return replace(test_mysql.PUSH_FACTS, source=schema)
        case Dbms.MONGO:
            return mongo.PushFacts(_MONGO, mongo.Database("app", 9, ("people", *named)))
        case Dbms.ELASTICSEARCH:
            return elasticsearch.PushFacts(_SEARCH, readonly=False, indices=_INDICES)


def _pull_facts(dbms: Dbms, manifest: Manifest, **there: bool) -> PullFactsBase:
    def if_there(name: str, value: Any) -> Any:
        return value if there[name] else None

    match dbms:
        case Dbms.POSTGRESQL:
            return replace(
                fleet.PULL_FACTS,
                manifest=manifest,
                live=if_there("live", fleet.LIVE),
                previous=if_there("previous", fleet.LIVE),
            )
        case Dbms.MYSQL:
            return replace(
                test_mysql.PULL_FACTS,
                manifest=manifest,
                live=if_there("live", test_mysql.SCHEMA),
                previous=if_there("previous", test_mysql.SCHEMA),
                clients=(test_mysql.MARIADB,),
            )
        case Dbms.MONGO:
            live = mongo.Database("app", 9, ("people",), previous=there["previous"])
            caution = "nobody can know" if there["previous"] else None
            return mongo.PullFacts(manifest, _MONGO, if_there("live", live), caution=caution)
        case Dbms.ELASTICSEARCH:
            live_indices = _INDICES if there["live"] else ()
            return elasticsearch.PullFacts(manifest, _SEARCH, readonly=True, indices=live_indices)


def compiled(step: Step, seen: Facts) -> list[Command]:
    """Compile a step as the executor does."""
    return list(commands(step, request(), seen))

"""How a search cluster is pushed and pulled, as values: commands, generations, refusals."""

from dataclasses import replace
from datetime import timedelta

import pytest

from envsync.artefacts import Manifest, Stamp
from envsync.commands.elasticsearch_promote import Promote, swap
from envsync.dbms.drivers import driver
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.elasticsearch import (
    Cluster,
    Index,
    Origin,
    PullFacts,
    PushFacts,
    SwapFacts,
    belongs,
    chosen,
    generations,
    original,
)
from envsync.gateways.elasticsearch.metadata import manifest_of, metadata
from envsync.inventory.model import Database, Dbms, Environment, Inventory, Server
from envsync.places import Endpoint, SnapshotRepository
from envsync.plan.expand import expand
from envsync.provenance import Provenance
from tests.fleet import INTEGRATION, NOW, PRODUCTION, sync


def _database(where: Environment) -> Database:
    endpoint = Endpoint(f"{where.name}-search", f"search.{where.name}", 9200, "envsync")
    repository = SnapshotRepository("govuk-production", endpoint) if where.protected else None
    server = Server(Dbms.ELASTICSEARCH, endpoint, "search", repository=repository)
    return Database("search", where, server, "search", "elasticsearch", indices=("people",))


SYNC = sync(_database(PRODUCTION), _database(INTEGRATION))
KNOWN = Inventory((PRODUCTION, INTEGRATION), (SYNC.source, SYNC.target), (SYNC,))
PUSH, PULL = expand(KNOWN).steps
CLUSTER = Cluster("opensearch", "2.19.1", "3.2.0 (opensearch-py)")
SOURCE = Index("people-2026", {"people": "{}"}, documents=7, bytes=1000)
LIVE = Index("people-2025", {"people": "{}"})
MANIFEST = Manifest(
    environment="production",
    database="search",
    name="search",
    dbms="elasticsearch",
    stamp=str(NOW),
    format="snapshot",
    bytes=1000,
    bytes_uncompressed=1000,
    row_counts="estimate",
    rows={"people-2026": 7},
    database_bytes=1000,
    server_version="2.19.1",
    client_version="3.2.0 (opensearch-py)",
    envsync_version="0.1.0",
    aliases={"people-2026": {"people": "{}"}},
)
PUSH_FACTS = PushFacts(CLUSTER, readonly=False, indices=(SOURCE,))
PULL_FACTS = PullFacts(MANIFEST, CLUSTER, readonly=True, indices=(LIVE, Index("people-2024")))
NEW = "envsync-search@20261120t024000z-people-2026"
CAME = Provenance("search", "production", NOW)


def test_a_push_is_one_snapshot() -> None:
    commands = driver(PUSH.database).commands(PUSH, Request(NOW), PUSH_FACTS)
    assert [line for command in commands for line in command.lines()] == [
        (
            "PUT https://search.production:9200/envsync-claims/_create/push-search "
            "(held until the end; who finds it held waits for it)"
        ),
        (
            "PUT https://search.production:9200/_snapshot/govuk-production/"
            "envsync-search@20261120t024000z?wait_for_completion=false "
            '{"indices": ["people-2026"], "include_global_state": false, "partial": false, '
            '"metadata": "{the manifest}"}'
        ),
        (
            "GET https://search.production:9200/_snapshot/govuk-production/"
            "envsync-search@20261120t024000z until its state is SUCCESS; PARTIAL or FAILED fails"
        ),
    ]


def test_nothing_is_promoted_before_it_is_sanitised_and_checked() -> None:
    commands = driver(PULL.database).commands(PULL, Request(NOW), PULL_FACTS)
    assert [type(command).__name__ for command in commands] == [
        "Claim",
        "DropLeftovers",
        "Restore",
        "CompareRows",
        "CheckColumns",
        "RunScript",
        "RunChecks",
        "Promote",
    ]


def test_a_promote_moves_every_name_in_one_request() -> None:
    *_, promote = driver(PULL.database).commands(PULL, Request(NOW), PULL_FACTS)
    assert isinstance(promote, Promote)
    call = swap(promote.live, promote.serves, promote.concrete)
    assert call.body == {
        "actions": [
            {"remove": {"index": "people-2025", "alias": "people"}},
            {"add": {"index": NEW, "alias": "people"}},
        ]
    }


def test_an_index_in_the_way_of_an_alias_is_removed_in_the_same_request() -> None:
    call = swap({}, {"orders": {"new": '{"is_write_index": true}'}}, ("orders",))
    assert call.body == {
        "actions": [
            {"remove_index": {"index": "orders"}},
            {"add": {"index": "new", "alias": "orders", "is_write_index": True}},
        ]
    }


def test_what_was_replaced_is_previous_and_after_a_rollback_the_other_way_round() -> None:
    replaced = {"people": {"people-2025": "{}"}}
    new = Index(NEW, {"people": "{}"}, Origin(CAME, {"people": "{}"}, replaced))
    promoted = generations((new, replace(LIVE, aliases={})), "search")
    back = generations((replace(new, aliases={}), LIVE), "search")
    assert (promoted.live, promoted.previous) == ({"people": {NEW: "{}"}}, replaced)
    assert (back.live, back.previous) == (replaced, {"people": {NEW: "{}"}})


def test_what_was_never_finished_is_never_previous() -> None:
    assert generations((Index(NEW), LIVE), "search").previous == {}


def test_a_database_s_indices_are_told_from_those_of_one_with_a_longer_name() -> None:
    assert not belongs("envsync-search-admin@20261120t024000z-people", "search")
    assert original(original(NEW)) == "people-2026"


def test_a_rollback_holds_the_database_while_it_moves_the_names() -> None:
    replaced = {"people": {"people-2025": "{}"}}
    new = Index(NEW, {"people": "{}"}, Origin(CAME, {"people": "{}"}, replaced))
    facts = SwapFacts(None, generations((new, replace(LIVE, aliases={})), "search"))
    commands = driver(SYNC.target).rollback(SYNC.target, facts)
    assert [type(command).__name__ for command in commands] == ["Claim", "SwapBack"]


@pytest.mark.parametrize(
    ("pattern", "name", "meant"),
    [
        ("people", "people", True),
        ("people", "people-2026", False),
        ("people-*", "people-2026", True),
        ("p*-*6", "people-2026", True),
        ("p.*", "people", False),
    ],
)
def test_a_pattern_means_whole_names(pattern: str, name: str, *, meant: bool) -> None:
    assert chosen(pattern, name) == meant


def test_system_indices_are_never_meant() -> None:
    assert not Index(".tasks", {"people": "{}"}).is_meant(["*tasks", ".*"])


def test_a_manifest_comes_back_from_a_snapshot_s_metadata_whole() -> None:
    snapshot = {"indices": ["people-2026"], "metadata": metadata("elasticsearch", MANIFEST)}
    described = manifest_of(snapshot)
    assert described is not None
    key, manifest = described
    assert (str(key), manifest) == (f"elasticsearch/{NOW}-search.snapshot", MANIFEST)


def test_a_manifest_that_no_metadata_holds_is_refused() -> None:
    rows = {f"{hash((n, 'a')):x}-{n}": n for n in range(500)}
    aliases = {index: {f"alias-{index}": "{}"} for index in rows}
    crowded = MANIFEST.model_copy(update={"rows": rows, "aliases": aliases})
    with pytest.raises(RefusedError, match="the 500 indices of search and their aliases need"):
        metadata("elasticsearch", crowded)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (replace(PUSH_FACTS, readonly=None), "there is no repository 'govuk-production' on"),
        (replace(PUSH_FACTS, readonly=True), "is registered read-only on production-search"),
        (replace(PUSH_FACTS, indices=()), "no index or alias on production-search"),
        (replace(PUSH_FACTS, indices=(replace(SOURCE, documents=0),)), "hold no documents"),
        (
            replace(PUSH_FACTS, cluster=Cluster("elasticsearch", "6.8.23", "3")),
            "production-search is Elasticsearch 6.8.23, which hides no indices",
        ),
    ],
)
def test_a_push_that_could_not_succeed_is_refused(facts: PushFacts, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        driver(PUSH.database).refuse(PUSH, Request(NOW), facts)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (replace(PULL_FACTS, readonly=False), "is not read-only on integration-search"),
        (
            replace(PULL_FACTS, manifest=MANIFEST.model_copy(update={"environment": "staging"})),
            "says it holds search \\('search'\\) of staging, not search",
        ),
        (
            replace(PULL_FACTS, cluster=replace(CLUSTER, free_bytes=1000)),
            "no space on integration-search beside the live indices",
        ),
        (
            replace(PULL_FACTS, manifest=MANIFEST.model_copy(update={"rows": {"p" * 240: 7}})),
            "has too long a name to be restored beside itself",
        ),
    ],
)
def test_a_pull_that_could_not_succeed_is_refused(facts: PullFacts, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        driver(PULL.database).refuse(PULL, Request(NOW), facts)


@pytest.mark.parametrize(
    ("hours", "message"),
    [(-1, "which is yet to come; correct the clock"), (40, "40 h old, and max_age is 36 h")],
)
def test_a_snapshot_of_another_time_is_refused_as_any_artefact_is(hours: int, message: str) -> None:
    now = Stamp(NOW.moment + timedelta(hours=hours))
    with pytest.raises(RefusedError, match=message):
        driver(PULL.database).refuse(PULL, Request(now), PULL_FACTS)
    driver(PULL.database).refuse(PULL, Request(now, timestamp="2026-11-20"), PULL_FACTS)

"""A push that lost much of what the last one held: refused before it is the newest, or allowed."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from envsync.artefacts import Stamp
from envsync.commands import Location
from envsync.commands.elasticsearch_snapshots import TakeSnapshot
from envsync.errors import CommandError
from envsync.facts.elasticsearch import snapshot_name
from envsync.gateways.elasticsearch.snapshot import take_snapshot
from envsync.gateways.manifests import manifests
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.places import Endpoint, SnapshotRepository
from envsync.shrinking import Floor
from tests.live.mongo_site import MongoSite
from tests.live.mysql_site import mysql_site
from tests.live.search_site import SearchSite, make_search_site
from tests.live.site import Site
from tests.live.stored import only
from tests.servers.mariadb import Mariadb
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

ALL: dict[str, dict[str, str]] = {"match_all": {}}
EARLIER = "2026-11-20T02:40:00Z"


@pytest.fixture
def backed_up(site: Site) -> Site:
    """A site whose production was pushed some days ago, whole."""
    assert site.run("push", "app", "--env", "production").code == 0
    stored = only(site)
    stored.taken_at(EARLIER)
    stored.remove()
    return site


def lose(site: Site) -> None:
    """Lose 900 of 1,000 rows."""
    site.production.run("DELETE FROM notes; DELETE FROM people WHERE id > 100", site.source)


def test_a_push_that_lost_most_rows_fails_and_the_old_artefact_stays_the_newest(
    backed_up: Site,
) -> None:
    stored = backed_up.artefacts()
    lose(backed_up)
    ran = backed_up.run("push", "app", "--env", "production")
    assert (ran.code, backed_up.artefacts()) == (1, stored)
    for words in (
        f"is much smaller than that of {EARLIER}, which stays the newest: 100 rows instead of 1,000",
        " bytes before compression instead of ",
        "; max_shrink is 30%; look at the database, and if that is right: ",
        'envsync push app --env production --allow-shrink "WHY"',
    ):
        assert words in ran.err
    listed = backed_up.run("backups", "app", "--env", "production").out
    assert listed.splitlines()[2].startswith(EARLIER)


def test_a_sync_whose_push_lost_most_rows_leaves_the_target_alone(backed_up: Site) -> None:
    before = backed_up.people()
    lose(backed_up)
    ran = backed_up.run("sync", "app")
    assert (ran.code, backed_up.people(), backed_up.databases()) == (1, before, {"live"})
    assert "needs push app from production, which failed" in ran.err


def test_a_reason_lets_it_pass_and_is_kept_in_manifest_journal_and_log(backed_up: Site) -> None:
    lose(backed_up)
    why = "people who left are archived"
    ran = backed_up.run("push", "app", "--env", "production", "--allow-shrink", why)
    assert (ran.code, backed_up.manifest()["allow_shrink"]) == (0, why), ran.err
    told = f"much smaller than the artefact of {EARLIER}: 100 rows instead of 1,000"
    assert told in ran.err
    assert f"allowed, because: {why}" in ran.err
    history = backed_up.run("history", "app", "--env", "production").out
    assert "done, with warnings" in history.splitlines()[2]
    again = backed_up.run("push", "app", "--env", "production")
    assert (again.code, backed_up.manifest()["allow_shrink"]) == (0, ""), again.err


@pytest.mark.parametrize("task", ["sync", "nightly"])
def test_a_reason_lets_it_pass_in_a_run_of_both_halves(backed_up: Site, task: str) -> None:
    lose(backed_up)
    words = (task, "app") if task == "sync" else (task,)
    ran = backed_up.run(*words, "--allow-shrink", "people who left are archived")
    assert (ran.code, len(backed_up.people())) == (0, 100), ran.err


@pytest.mark.parametrize("why", ["", "  ", "x" * 201])
def test_a_reason_that_is_none_is_refused(backed_up: Site, why: str) -> None:
    stored = backed_up.artefacts()
    ran = backed_up.run("push", "app", "--env", "production", "--allow-shrink", why)
    assert (ran.code, backed_up.artefacts()) == (2, stored)
    assert "is no reason; say in 1 to 200 characters why" in ran.err


@pytest.mark.parametrize(
    "change", [{"databases.app.max_shrink": "95%"}, {"defaults.max_shrink": "100%"}]
)
def test_the_inventory_says_how_much_may_be_lost(backed_up: Site, change: dict[str, str]) -> None:
    backed_up.write(production=change)
    lose(backed_up)
    ran = backed_up.run("push", "app", "--env", "production")
    assert (ran.code, backed_up.manifest()["rows"]["public.people"]) == (0, 100), ran.err


def test_a_table_the_inventory_leaves_out_since_is_no_loss(backed_up: Site) -> None:
    backed_up.write(production={"backups.app.exclude_table_data": ["notes"]})
    ran = backed_up.run("push", "app", "--env", "production")
    assert (ran.code, backed_up.manifest()["without_rows"]) == (0, ["notes"]), ran.err


def test_a_damaged_manifest_keeps_no_push_from_replacing_it(backed_up: Site) -> None:
    only(backed_up).manifest.write_text("{")
    lose(backed_up)
    ran = backed_up.run("push", "app", "--env", "production")
    assert ran.code == 0, ran.err


def test_a_dry_run_says_what_would_be_too_small(backed_up: Site) -> None:
    ran = backed_up.run("push", "app", "--env", "production", "--dry-run")
    (line,) = (line for line in ran.out.splitlines() if line.startswith("refuse it"))
    assert line.startswith("refuse it if it has fewer than 700 rows or fewer than ")
    assert line.endswith(f" before compression: by that of {EARLIER} and max_shrink of 30%")


def test_a_copy_that_another_script_has_cleaned_is_only_warned_of(backed_up: Site) -> None:
    """Whoever changes a script knows that the copy will be smaller."""
    backed_up.write(integration={"backups.app": {"at": "05:40"}})
    assert backed_up.run("nightly").code == 0
    backed_up.script("DELETE FROM notes; DELETE FROM people WHERE id > 100;\n", None)
    ran = backed_up.run("nightly")
    assert ran.code == 0, ran.err
    assert "allowed, because: another script has sanitised what is in it" in ran.err


def test_a_database_without_tables_is_refused_before_anything_is_dumped(backed_up: Site) -> None:
    stored = backed_up.artefacts()
    backed_up.production.run("DROP TABLE notes, people", backed_up.source)
    ran = backed_up.run("push", "app", "--env", "production")
    assert (ran.code, backed_up.artefacts()) == (2, stored)


def test_a_mysql_push_that_lost_most_rows_fails_and_the_old_artefact_stays(
    tmp_path: Path, mariadb: Mariadb
) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        assert site.run("push", "app", "--env", "production").code == 0
        stored = site.artefacts()
        site.production.run("DELETE FROM notes", site.source)
        site.production.run("DELETE FROM people WHERE id > 100", site.source)
        ran = site.run("push", "app", "--env", "production")
        assert (ran.code, site.artefacts()) == (1, stored), ran.err
        assert "100 rows instead of 1,000" in ran.err
        allowed = site.run("push", "app", "--env", "production", "--allow-shrink", "archived")
        assert (allowed.code, site.manifest()["allow_shrink"]) == (0, "archived"), allowed.err


def test_a_mongo_push_that_lost_most_documents_fails_and_the_old_artefact_stays(
    mongo_site: MongoSite,
) -> None:
    assert mongo_site.run("push", "app", "--env", "production").code == 0
    stored = mongo_site.artefacts()
    with mongo_site.production.client() as client:
        for name in ("people", "log", "sessions"):
            client[mongo_site.source][name].delete_many({})
    ran = mongo_site.run("push", "app", "--env", "production")
    assert (ran.code, mongo_site.artefacts()) == (1, stored), ran.err
    assert "is much smaller than that of " in ran.err
    allowed = mongo_site.run("push", "app", "--env", "production", "--allow-shrink", "archived")
    assert (allowed.code, mongo_site.manifest()["allow_shrink"]) == (0, "archived"), allowed.err


@pytest.fixture
def search(tmp_path: Path, opensearch: SearchClusters) -> SearchSite:
    return make_search_site(tmp_path, opensearch)


def test_a_snapshot_that_would_hold_few_documents_is_not_begun(search: SearchSite) -> None:
    assert search.run("push", "search", "--env", "production").code == 0
    before = search.snapshots()
    search.production.ask("POST", "/people/_delete_by_query?refresh=true", {"query": ALL})
    ran = search.run("push", "search", "--env", "production")
    assert (ran.code, search.snapshots()) == (1, before), ran.err
    assert "50 documents instead of 250" in ran.err
    allowed = search.run("push", "search", "--env", "production", "--allow-shrink", "archived")
    assert (allowed.code, len(search.snapshots())) == (0, 2), allowed.err
    assert "allowed, because: archived" in allowed.err
    assert search.run("push", "search", "--env", "production").code == 0


def test_a_snapshot_whose_indices_are_emptied_while_it_is_taken_is_deleted_again(
    search: SearchSite,
) -> None:
    """What was seen before it was begun is given here, as if it had been there then."""
    assert search.run("push", "search", "--env", "production").code == 0
    before = search.snapshots()
    endpoint = Endpoint("search", "127.0.0.1", search.production.port, tls="disable")
    storage = SnapshotRepository(search.repository, endpoint)
    ((key, seen),) = manifests(open_store(storage), "elasticsearch", "search")
    assert seen is not None
    search.production.ask("POST", "/people/_delete_by_query?refresh=true", {"query": ALL})
    later = replace(key, stamp=Stamp.parse("2026-11-21T02:40:00Z"))
    taken = TakeSnapshot(
        endpoint,
        Location(storage, later),
        snapshot_name("search", later.stamp),
        tuple(seen.rows),
        seen.model_copy(update={"stamp": str(later.stamp)}),
        Floor(seen, Decimal(30)),
    )
    with pytest.raises(CommandError, match="50 documents instead of 250"):
        take_snapshot(taken, Scope())
    assert search.snapshots() == before

"""F24: a migration breaks the script, or brings a column nobody thought of: nothing is promoted."""

import pytest

from tests.failures.aftermath import SYNC, assert_aftermath
from tests.failures.mongo_scene import MongoScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.search_scene import SearchScene
from tests.live.search_site import PEOPLE

pytestmark = pytest.mark.live


def test_a_column_renamed_in_production_ends_the_script_at_its_first_error(
    scene: PostgresqlScene,
) -> None:
    old, source = scene.served(), scene.site.source
    scene.next_run()
    scene.site.production.run("ALTER TABLE people RENAME email TO address", source)
    ended = scene.run(*SYNC)
    assert 'failed: column "email" of relation "people" does not exist' in ended.err
    scene.site.production.run("ALTER TABLE people RENAME address TO email", source)
    assert_aftermath(scene, ended, old)


def test_what_the_script_did_before_its_error_is_not_kept_either(scene: PostgresqlScene) -> None:
    """Even where the first half would have been promotable: one transaction, then no promote."""
    old, source = scene.served(), scene.site.source
    scene.site.production.run("DROP TABLE notes; ALTER TABLE people ADD phone text", source)
    scene.next_run("DELETE FROM people WHERE id > 100; DELETE FROM notes;\n")
    ended = scene.run(*SYNC)
    assert 'failed: relation "notes" does not exist' in ended.err
    scene.next_run()
    assert_aftermath(scene, ended, old)


def test_a_column_that_nobody_decided_on_is_not_promoted(scene: PostgresqlScene) -> None:
    old, site = scene.served(), scene.site
    site.decide()
    site.decisions.stop((scene.folder / "sanitisation_sql" / "clean.columns.yaml").read_text())
    site.production.run("ALTER TABLE people ADD phone text DEFAULT '+44 20 7946 0000'", site.source)
    ended = scene.run(*SYNC)
    assert "people.phone (text) is new" in ended.err, ended.err
    site.production.run("ALTER TABLE people DROP phone", site.source)
    assert_aftermath(scene, ended, old)


def test_a_field_renamed_in_production_fails_the_check_on_mongodb(mongo_scene: MongoScene) -> None:
    """An update of a field that is gone is no error to MongoDB: the checks have to tell."""
    old = mongo_scene.served()
    with mongo_scene.site.production.client() as client:
        people = client[mongo_scene.site.source].people
        people.drop_index("email_1")
        people.update_many({}, {"$rename": {"email": "address"}}, bypass_document_validation=True)
    ended = mongo_scene.run(*SYNC)
    assert "app.mongo.yaml" in ended.err, ended.err
    assert "private.example" not in ended.err
    with mongo_scene.site.production.client() as client:
        people = client[mongo_scene.site.source].people
        people.update_many({}, {"$rename": {"address": "email"}})
        people.create_index("email", unique=True)
    assert_aftermath(mongo_scene, ended, old)


def test_a_field_renamed_in_production_ends_the_script_on_a_search_cluster(
    search_scene: SearchScene,
) -> None:
    old, production = search_scene.served(), search_scene.site.production
    renamed = [{**each, "id": each["number"]} for each in PEOPLE]
    for each in renamed:
        del each["number"]
    production.fill("people-2026", renamed)
    search_scene.next_run(
        [{"update": {"indices": ["people"], "script": "Long.parseLong(ctx._source.number)"}}]
    )
    ended = search_scene.run("sync", "search")
    assert "step 1 of search.elasticsearch.yaml failed in" in ended.err, ended.err
    assert "private.example" not in ended.err
    production.fill("people-2026", PEOPLE)
    search_scene.next_run()
    assert_aftermath(search_scene, ended, old, again=("sync", "search"))

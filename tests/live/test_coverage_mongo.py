"""A field that nobody has decided on never reaches a lower environment of MongoDB unnoticed."""

from typing import Any

import pytest

from tests.live.deciding import columns_text
from tests.live.mongo_site import OLD, PEOPLE, MongoSite

pytestmark = pytest.mark.live


def ends(site: MongoSite, document: dict[str, Any], *, extra: str = "") -> tuple[int, str]:
    """Decide on all that is there, add a document to production and sync it."""
    site.decide()
    site.decisions.stop(columns_text(site.decisions.tables) + extra, "app")
    with site.production.client() as client:
        client[site.source].people.insert_one({"_id": PEOPLE + 1, "email": "x", **document})
    ran = site.run("sync", "app")
    return ran.code, ran.err


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"phone": "07700 900123"}, "people.phone (string) is new"),
        ({"contacts": [{"home": {"tel": 1}}]}, "people.contacts[].home.tel (int) is new"),
        ({"town": 5}, "people.town is int or string and was string"),
        ({"a.b\n: {": 1}, 'people."a\\\\.b\\U0000000a: {" (int) is new'),
    ],
)
def test_what_one_document_has_and_nobody_decided_on_stays_away(
    mongo_site: MongoSite, document: dict[str, Any], sentence: str
) -> None:
    code, err = ends(mongo_site, document)
    assert (code, sentence in err, mongo_site.people()) == (1, True, OLD), err
    assert mongo_site.databases() == {"live"}
    assert "07700" not in err


def test_a_field_renamed_everywhere_is_taken_for_that(mongo_site: MongoSite) -> None:
    mongo_site.decide()
    mongo_site.decisions.stop(columns_text(mongo_site.decisions.tables), "app")
    with mongo_site.production.client() as client:
        client[mongo_site.source].people.update_many({}, {"$rename": {"town": "city"}})
    ran = mongo_site.run("sync", "app")
    wanted = "people.city (string) is new and people.town is gone: renamed?"
    assert (ran.code, wanted in ran.err, mongo_site.people()) == (1, True, OLD), ran.err


def test_a_new_collection_stays_away(mongo_site: MongoSite) -> None:
    mongo_site.decide()
    mongo_site.decisions.stop(columns_text(mongo_site.decisions.tables), "app")
    with mongo_site.production.client() as client:
        client[mongo_site.source].visits.insert_one({"_id": 1, "ip": "10.0.0.1"})
    ran = mongo_site.run("sync", "app")
    assert (ran.code, "visits is new (_id int, ip string)" in ran.err) == (1, True), ran.err
    assert mongo_site.people() == OLD


def test_a_document_decided_on_as_a_whole_may_hold_anything(mongo_site: MongoSite) -> None:
    mongo_site.decide()
    mongo_site.decisions.tables["people"]["details"] = {"object"}
    code, err = ends(mongo_site, {"details": {"any": [{"thing": 1}], "": None}})
    assert (code, len(mongo_site.people())) == (0, PEOPLE + 1), err


def test_a_field_that_no_document_has_today_is_not_missed(mongo_site: MongoSite) -> None:
    mongo_site.decide()
    mongo_site.decisions.tables["people"]["suspended_at"] = {"date"}
    code, err = ends(mongo_site, {"town": None})
    assert (code, "suspended_at" in err) == (0, False), err


def test_a_sync_that_warns_takes_what_is_new_with_a_warning(mongo_site: MongoSite) -> None:
    mongo_site.write(integration={"syncs.app.coverage": "warn"})
    code, err = ends(mongo_site, {"phone": "07700 900123"}, extra="gone: {}\n")
    assert (code, len(mongo_site.people())) == (0, PEOPLE + 1), err
    assert "people.phone (string) is new" in err
    assert "gone is not there any more: take it out of app.columns.yaml" in err

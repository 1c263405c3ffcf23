"""The main road on MongoDB: a sync by hand ends with a sanitised copy in the live one's place."""

import pytest

from tests.live.mongo_site import OLD, PEOPLE, MongoSite, content

pytestmark = pytest.mark.live

SANITISED = [
    {"_id": n, "email": f"p{n}@example.com", "town": f"Town {n}"} for n in range(1, PEOPLE + 1)
]


def test_a_sync_brings_production_s_documents_sanitised(mongo_site: MongoSite) -> None:
    ran = mongo_site.run("sync", "app", "--env", "integration")
    assert (ran.code, mongo_site.people()) == (0, SANITISED), ran.err


def test_everything_else_is_as_it_was_in_production(mongo_site: MongoSite) -> None:
    never = {"syncs.app.sanitise": "never", "syncs.app.because": "a test of everything"}
    mongo_site.write(integration=never)
    ran = mongo_site.run("sync", "app")
    assert ran.code == 0, ran.err
    with mongo_site.production.client() as source, mongo_site.integration.client() as target:
        assert content(target, mongo_site.target) == content(source, mongo_site.source)


def test_what_is_copied_out_of_the_quarantine_is_as_it_was(mongo_site: MongoSite) -> None:
    mongo_site.script({"checks": [{"collection": "people", "find": {"nobody": "has this"}}]})
    ran = mongo_site.run("sync", "app")
    assert ran.code == 0, ran.err
    with mongo_site.production.client() as source, mongo_site.integration.client() as target:
        assert content(target, mongo_site.target) == content(source, mongo_site.source)


def test_a_rollback_puts_yesterday_back_and_a_second_one_undoes_it(mongo_site: MongoSite) -> None:
    mongo_site.run("sync", "app")
    seen = []
    for _ in range(2):
        ran = mongo_site.run("rollback", "app", "--env", "integration")
        assert ran.code == 0, ran.err
        seen.append(mongo_site.people())
    assert seen == [OLD, SANITISED]

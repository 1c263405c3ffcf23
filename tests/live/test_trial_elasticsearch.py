"""Trials on a search cluster, through the command line."""

from collections.abc import Iterator

import pytest

from tests.live.search_site import ORDERS, SCRIPT, YESTERDAY, SearchSite, make_search_site
from tests.live.trials import assert_does_as_a_pull_does, leaked, lines
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

RAW = ("private.example",)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, opensearch: SearchClusters) -> SearchSite:
    made = make_search_site(tmp_path_factory.mktemp("trial"), opensearch)
    ran = made.run("push", "search", "--env", "production")
    assert ran.code == 0, ran.err
    return made


@pytest.fixture(autouse=True)
def _untouched(shop: SearchSite) -> Iterator[None]:
    deleted = {"delete": {"indices": ["orders"], "query": {"range": {"number": {"lte": 10}}}}}
    shop.script(sanitise=[*SCRIPT["sanitise"], deleted])
    yield
    assert shop.integration.documents("people") == YESTERDAY
    assert shop.integration.documents("orders") == ORDERS[:1]
    assert shop.own() == {}


def test_what_changed_is_told_exactly_and_what_it_was_is_masked(shop: SearchSite) -> None:
    ran = shop.run("sanitise.try", "search")
    assert (ran.code, leaked(ran, shop.folder, RAW)) == (0, []), ran.err
    assert lines(ran) == [
        "orders: 50 rows, 10 deleted",
        "as they were: 2 more columns",
        "people-2026: 200 rows",
        "column decided touched of empty before → after",
        "email keep 200 200 0 xxx999@xxx.xxx → person-1@example.com",
        "xxx999@xxx.xxx → person-2@example.com",
        "xxx999@xxx.xxx → person-3@example.com",
        "as they were: 2 more columns",
        "before: xxx are letters, 999 digits; *** is what is too short to tell even that",
        "look at:",
        "- people-2026.email is to be kept, and was changed in 200 rows",
    ]


def test_a_failing_check_is_told_with_what_changed(shop: SearchSite) -> None:
    check = {"name": "no order", "indices": ["orders"], "query": {"match_all": {}}}
    shop.script(checks=[check])
    ran = shop.run("sanitise.try", "search")
    assert (ran.code, "check 'no order'" in ran.err) == (1, True), ran.err
    assert "person-1@example.com" in ran.out


def test_a_dry_run_does_what_a_pull_does_but_for_remembering_and_comparing(
    shop: SearchSite,
) -> None:
    assert_does_as_a_pull_does(shop, "search")

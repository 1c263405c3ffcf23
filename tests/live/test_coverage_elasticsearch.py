"""A field that nobody has decided on never reaches a lower search cluster unnoticed."""

from pathlib import Path
from typing import Any

import pytest

from tests.live.search_site import SANITISED, YESTERDAY, SearchSite, make_search_site
from tests.servers.opensearch import SearchClusters

pytestmark = pytest.mark.live

DECIDED = """
people:
  email: {sanitised: text}
  town: {keep: text}
  number: {keep: long}
orders:
  number: {keep: long}
  person: {keep: long}
"""


@pytest.fixture
def search(tmp_path: Path, opensearch: SearchClusters) -> SearchSite:
    return make_search_site(tmp_path, opensearch)


def ends(site: SearchSite, properties: dict[str, Any], text: str = DECIDED) -> tuple[int, str]:
    """Change the mapping of production's people and sync; returns exit code and what was said."""
    site.decisions.stop(text, "search")
    if properties:
        site.production.ask("PUT", "/people-2026/_mapping", properties)
    ran = site.run("sync", "search")
    return ran.code, ran.err


def people(site: SearchSite) -> list[Any]:
    return site.integration.documents("people")


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"properties": {"phone": {"type": "keyword"}}}, "people.phone (keyword) is new"),
        (
            {"properties": {"address": {"properties": {"town": {"type": "text"}}}}},
            "people.address.town (text) is new",
        ),
        (
            {"properties": {"raw": {"type": "object", "enabled": False}}},
            "people.raw (object) is new",
        ),
        ({"dynamic": False}, "people._source (object) is new"),
    ],
)
def test_what_nobody_decided_on_stays_away(
    search: SearchSite, mapping: dict[str, Any], sentence: str
) -> None:
    code, err = ends(search, mapping)
    assert (code, sentence in err, people(search)) == (1, True, YESTERDAY), err
    assert not search.own()


def test_indices_may_be_decided_on_by_alias_name_or_pattern(search: SearchSite) -> None:
    for name in ("people", "people-2026", '"people-*"'):
        code, err = ends(search, {}, DECIDED.replace("people:", f"{name}:", 1))
        assert (code, people(search)) == (0, SANITISED), err


def test_a_new_index_stays_away(search: SearchSite) -> None:
    code, err = ends(search, {}, DECIDED.partition("orders:")[0])
    assert (code, "orders is new (number long, person long)" in err) == (1, True), err
    assert people(search) == YESTERDAY


def test_a_sync_that_warns_takes_what_is_new_with_a_warning(search: SearchSite) -> None:
    search.write(integration={"syncs.search.coverage": "warn"})
    code, err = ends(search, {"properties": {"phone": {"type": "keyword"}}})
    assert (code, "people.phone (keyword) is new" in err) == (0, True), err

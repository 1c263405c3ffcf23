"""The fields of indices: what a mapping tells, and what stands for that of which it is silent."""

from typing import Any

import pytest

from envsync.commands.elasticsearch_requests import Call
from envsync.facts.elasticsearch import Cluster as About
from envsync.gateways.elasticsearch.cluster import Cluster
from envsync.gateways.elasticsearch.columns import columns
from envsync.gateways.scope import Scope
from envsync.places import Endpoint

ENDPOINT = Endpoint("search", "127.0.0.1", 9200, tls="disable")
NAMED = {"name": {"type": "keyword"}}
SILENT = (False, "false", "false_allow_templates")
"""What keeps fields that are not mapped in the documents, by OpenSearch's manual of `dynamic`."""
OUTSPOKEN = (True, "true", "strict", "strict_allow_templates", "runtime")


def fields(mapping: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the fields of an index whose cluster answers with a mapping."""

    def answer(call: Call) -> tuple[int, Any]:
        assert call.path == "/people/_mapping"
        return 200, {"people": {"mappings": mapping}}

    cluster = Cluster(ENDPOINT, Scope(), answer, About("opensearch", "3.9.0", "test"))
    return dict(columns(cluster, {"people": "people"})["people"])


@pytest.mark.parametrize("dynamic", SILENT)
def test_a_mapping_that_lets_documents_hold_more_has_the_whole_of_them_decided_on(
    dynamic: object,
) -> None:
    found = fields({"dynamic": dynamic, "properties": NAMED})
    assert found == {"_source": ("object",), "name": ("keyword",)}


@pytest.mark.parametrize("dynamic", SILENT)
def test_an_object_that_may_hold_more_than_its_mapping_tells_is_a_field(dynamic: object) -> None:
    found = fields({"properties": {"address": {"dynamic": dynamic, "properties": NAMED}}})
    assert found == {"address": ("object",), "address.name": ("keyword",)}


@pytest.mark.parametrize("dynamic", OUTSPOKEN)
def test_a_mapping_that_tells_of_every_field_has_only_those_decided_on(dynamic: object) -> None:
    inner = {"address": {"dynamic": dynamic, "properties": NAMED}}
    found = fields({"dynamic": dynamic, "properties": inner})
    assert found == {"address.name": ("keyword",)}

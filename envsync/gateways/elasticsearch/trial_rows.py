"""Documents of hidden indices for a trial: each index in one scroll, a page at a time."""

import json
from collections.abc import Iterator
from typing import Any

from envsync.columns import written
from envsync.commands.elasticsearch_requests import path
from envsync.commands.trial import Copy
from envsync.errors import CommandError
from envsync.gateways.elasticsearch.cluster import Cluster, connect
from envsync.gateways.scope import Scope
from envsync.gateways.trial.documents import Documents
from envsync.gateways.trial.rows import Row, Table, key_of

# A list of values has the mapping of one, and a dot in a name parts it.
_DOCUMENTS = Documents(json.dumps, elements="", dotted=True)
_PAGE = 500
_KEPT = "5m"
"""How long a cluster keeps a scroll that is not asked for its next page."""


def tables(copy: Copy, scope: Scope) -> list[Table]:
    """Return the indices of a copy, by the names they are to serve."""
    del scope
    names = [name for name, _ in copy.indices]
    return [
        Table(written(name) if names.count(name) == 1 else written(index), index)
        for name, index in copy.indices
    ]


def rows(copy: Copy, table: Table, scope: Scope) -> Iterator[Row]:
    """Yield every document of an index."""
    cluster = connect(copy.target.endpoint, scope)
    search = f"{path(table.where, '_search')}?scroll={_KEPT}"
    page = cluster.ask("POST", search, {"size": _PAGE, "sort": ["_doc"]})
    try:
        while hits := _hits(page, table):
            for hit in hits:
                yield _row(hit)
            more = {"scroll": _KEPT, "scroll_id": page["_scroll_id"]}
            page = cluster.ask("POST", "/_search/scroll", more)
    finally:
        _end(cluster, page)


def _hits(page: Any, table: Table) -> list[Any]:
    shards = page["_shards"]
    if shards["successful"] < shards["total"]:
        raise CommandError(f"not all shards of {table.where} answer: its documents are not known")
    return list(page["hits"]["hits"])


def _row(hit: Any) -> Row:
    key = key_of((hit["_id"], hit.get("_routing", "")))
    return Row(key, _DOCUMENTS.cells(hit.get("_source", {})))


def _end(cluster: Cluster, page: Any) -> None:
    """Let the cluster forget a scroll; after a stop it forgets by itself."""
    if not cluster.scope.cancelled:
        cluster.ask("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})

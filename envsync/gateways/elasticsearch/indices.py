"""The indices of a cluster: who serves what, and what envsync wrote into those it finished."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from envsync.commands.elasticsearch_requests import as_json, path
from envsync.errors import CommandError
from envsync.facts.elasticsearch import Index, Origin
from envsync.gateways.elasticsearch.cluster import NO_SHARD, AnswerError, Cluster, missing
from envsync.provenance import Provenance

SHARD_PATIENCE = 5.0
"""Seconds a shard that does not answer is waited for: it may be moving."""
_SHOWN = "*.aliases,*.mappings._meta,*.settings.index.uuid"


def all_indices(cluster: Cluster) -> tuple[Index, ...]:
    """Return every index the user may see, hidden ones too, in the order of their names."""
    found = cluster.look(f"/*?expand_wildcards=all&filter_path={_SHOWN}")
    return tuple(_index(name, found[name]) for name in sorted(found))


def measured(cluster: Cluster, indices: Iterable[Index]) -> tuple[Index, ...]:
    """Return indices with their documents counted and their size at rest."""
    return tuple(
        replace(index, documents=count(cluster, index.name), bytes=_size(cluster, index.name))
        for index in indices
    )


def count(cluster: Cluster, index: str, query: Mapping[str, Any] | None = None) -> int:
    """Return how many documents an index holds, or a query finds in it.

    Raises CommandError where a shard does not answer: what it holds is not known then.
    """
    given_up = time.monotonic() + SHARD_PATIENCE

    def counted() -> int | None:
        body = {"query": query} if query is not None else {}
        try:
            answer = cluster.look(path(index, "_count"), body)
        except AnswerError as error:
            if error.kind != NO_SHARD or query is not None:
                raise
            answer = {"_shards": {"successful": 0, "total": "the"}}
        shards = answer["_shards"]
        if shards["successful"] == shards["total"]:
            return int(answer["count"])
        if time.monotonic() > given_up:
            raise CommandError(
                f"only {shards['successful']} of {shards['total']} shards of {index} on "
                f"{cluster.endpoint} answer; see its health: GET _cluster/health/{index}"
            )
        return None

    return int(cluster.until(counted))


def is_blocked(cluster: Cluster, name: str) -> bool:
    """Tell whether an index is there and takes no writes."""
    try:
        found = cluster.look(f"{path(name, '_settings')}?flat_settings=true")
    except AnswerError as error:
        if missing(error):
            return False
        raise
    settings = found.get(name, {}).get("settings", {})
    return bool(settings.get("index.blocks.write") == "true")


def unblock(cluster: Cluster, name: str) -> None:
    """Let an index be written to again; one that is not there is no error."""
    try:
        cluster.ask("PUT", path(name, "_settings"), {"index.blocks.write": None})
    except AnswerError as error:
        if not missing(error):
            raise


def _size(cluster: Cluster, index: str) -> int:
    stats = cluster.look(f"{path(index, '_stats', 'store')}?filter_path=_all.primaries.store")
    return int(stats["_all"]["primaries"]["store"]["size_in_bytes"])


def _index(name: str, found: Mapping[str, Any]) -> Index:
    aliases = {alias: as_json(how) for alias, how in found.get("aliases", {}).items()}
    note = found.get("mappings", {}).get("_meta", {}).get("envsync")
    return Index(name, aliases, _origin(name, note))


def note(name: str, origin: Origin) -> dict[str, Any]:
    """Return what is written into an index when it is finished; it holds for that index alone."""
    return {
        "index": name,
        "provenance": str(origin.provenance),
        "serves": dict(origin.serves),
        "replaced": {alias: dict(behind) for alias, behind in origin.replaced.items()},
    }


def _origin(name: str, written: Any) -> Origin | None:
    """Read what a finished index says; a copy of it elsewhere says nothing of itself."""
    if not isinstance(written, dict) or written.get("index") != name:
        return None
    provenance = Provenance.parse(written.get("provenance"))
    serves, replaced = written.get("serves"), written.get("replaced")
    if provenance is None or not isinstance(serves, dict) or not isinstance(replaced, dict):
        return None
    return Origin(provenance, serves, replaced)

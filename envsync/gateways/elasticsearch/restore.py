"""Restores: started, then watched shard by shard; counted, and cleared away."""

import logging
import time
from collections.abc import Collection, Mapping
from typing import Any

from envsync.commands import Measured
from envsync.commands.elasticsearch import CompareRows, DropLeftovers, Restore
from envsync.commands.elasticsearch_promote import copied_from
from envsync.commands.elasticsearch_requests import path
from envsync.errors import CommandError, UnavailableError
from envsync.facts.elasticsearch import belongs, generations, moment
from envsync.gateways.elasticsearch.cluster import AnswerError, Cluster, connect, missing
from envsync.gateways.elasticsearch.indices import all_indices, count, is_blocked, unblock
from envsync.gateways.scope import Scope

_LOGGER = logging.getLogger(__name__)
TOLERANCE = 0.5
"""An index may hold this share of what was counted: documents come and go during a snapshot."""
_ATTEMPTS = 5
"""After so many failures a cluster does not try a shard again (index.allocation.max_retries)."""
_NO_COPY = "no_valid_shard_copy"
"""What a cluster says of a shard of which no node has anything."""
_NODE_PATIENCE = 30.0
"""Seconds in which a node that has left may come back with what it holds."""


def restore(command: Restore, scope: Scope) -> None:
    """Restore a snapshot's indices; raises CommandError where a shard does not come back."""
    cluster = connect(command.endpoint, scope)
    _start(cluster, command)
    lost: dict[tuple[str, int], float] = {}

    def restored() -> bool | None:
        shown = _health(cluster, command.prefix)
        waiting = [
            (index, int(number))
            for index in command.renamed.values()
            for number, shard in _shards(shown, index)
            if not shard["primary_active"]
        ]
        for index, number in waiting:
            why = _unassigned(cluster, index, number)
            _raise_if_given_up(command, index, number, why)
            _raise_if_lost(command, (index, number), why, lost)
        there = all(index in shown for index in command.renamed.values())
        return True if there and not waiting else None

    cluster.until(restored)


def _start(cluster: Cluster, command: Restore) -> None:
    """Start a restore; returns once it is known to have been started."""

    def started() -> bool | None:
        try:
            cluster.send(command.call())
        except UnavailableError as error:
            _LOGGER.info("%s; looking whether the restore was started", error)
            return True if _health(cluster, command.prefix) else None
        except AnswerError as error:
            if _health(cluster, command.prefix):
                return True
            raise CommandError(
                f"{cluster.endpoint} does not restore {command.snapshot}: {error}"
            ) from error
        return True

    cluster.until(started)


def _health(cluster: Cluster, prefix: str) -> dict[str, Any]:
    where = path("_cluster", "health", f"{prefix}*")
    answer = cluster.look(f"{where}?level=shards&expand_wildcards=all")
    return dict(answer.get("indices", {}))


def _shards(shown: Mapping[str, Any], index: str) -> list[tuple[str, dict[str, Any]]]:
    return list(shown.get(index, {}).get("shards", {}).items())


def _unassigned(cluster: Cluster, index: str, shard: int) -> dict[str, Any]:
    """Return what a cluster says of a shard that is on no node; nothing if it is on one by now."""
    asked = {"index": index, "shard": shard, "primary": True}
    try:
        return dict(cluster.look(path("_cluster", "allocation", "explain"), asked))
    except AnswerError:
        return {}


def _raise_if_given_up(command: Restore, index: str, shard: int, said: Mapping[str, Any]) -> None:
    why = said.get("unassigned_info", {})
    if why.get("failed_allocation_attempts", 0) >= _ATTEMPTS:
        details = str(why.get("details", "")).splitlines()[0][:300]
        raise CommandError(
            f"shard {shard} of {index} cannot be restored from {command.snapshot}: {details}; "
            "push again, or choose an older artefact with --timestamp"
        )


def _raise_if_lost(
    command: Restore,
    shard: tuple[str, int],
    said: Mapping[str, Any],
    lost: dict[tuple[str, int], float],
) -> None:
    """Give up on a shard whose node does not come back, or came back without it.

    A cluster that was started again knows nothing of the restores it was at.
    """
    if said.get("can_allocate") != _NO_COPY:
        lost.pop(shard, None)
        return
    if time.monotonic() - lost.setdefault(shard, time.monotonic()) > _NODE_PATIENCE:
        raise CommandError(
            f"shard {shard[1]} of {shard[0]} was lost in the midst of its restore: a node of "
            f"{command.endpoint} has left or was started again; pull again"
        )


def compare_rows(command: CompareRows, scope: Scope) -> Measured:
    """Count what was restored; raises CommandError where far too little came."""
    cluster = connect(command.endpoint, scope)
    found = {index: count(cluster, index) for index in command.counted}
    short = [
        f"{index} {found[index]:,} of {counted:,}"
        for index, counted in command.counted.items()
        if found[index] < counted * TOLERANCE
    ]
    if short:
        raise CommandError(
            f"the documents restored on {command.endpoint} are far fewer than the manifest says: "
            + "; ".join(short)
        )
    return Measured(rows=found)


def drop_leftovers(command: DropLeftovers, scope: Scope) -> None:
    """Delete what pulls left that is neither live nor previous: looked up at this moment."""
    cluster = connect(command.endpoint, scope)
    indices = all_indices(cluster)
    there = {index.name for index in indices}
    prefix = f"envsync-{command.name}@{moment(command.of) if command.of else ''}"
    own = [
        index
        for index in indices
        if belongs(index.name, command.name) and index.name.startswith(prefix)
    ]
    needed = generations(indices, command.name).indices
    if command.of and not any(index.aliases for index in own):
        # It was not promoted, and is no previous one, though it may have been about to be served.
        needed = frozenset()
    for index in own:
        if index.name not in needed and not index.aliases:
            _unblock_source(cluster, index.name, there)
            delete(cluster, index.name)


def _unblock_source(cluster: Cluster, index: str, there: Collection[str]) -> None:
    """Let an index be written to again of which a pull that was killed has left a copy."""
    name = copied_from(index)
    if name in there and is_blocked(cluster, name):
        cluster.insist(lambda: unblock(cluster, name))


def delete(cluster: Cluster, index: str) -> None:
    """Delete an index; one that is not there is no error."""

    def deleted() -> None:
        try:
            cluster.ask("DELETE", path(index))
        except AnswerError as error:
            if not missing(error):
                raise

    cluster.insist(deleted)

"""Promote and roll back: one update of the aliases, judged by who serves afterwards."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from envsync.commands import Measured
from envsync.commands.elasticsearch_promote import Promote, SwapBack, copying, showing, swap
from envsync.commands.elasticsearch_requests import Call, path
from envsync.errors import CommandError, EnvsyncError, UnavailableError
from envsync.facts.elasticsearch import Index, Origin, Picture, generations, picture
from envsync.gateways.elasticsearch.cluster import AnswerError, Cluster, connect, missing
from envsync.gateways.elasticsearch.indices import all_indices, is_blocked, note, unblock
from envsync.gateways.elasticsearch.restore import delete
from envsync.gateways.scope import Scope

_LOGGER = logging.getLogger(__name__)
Indices = tuple[Index, ...]


def promote(command: Promote, require_ours: Callable[[], None], scope: Scope) -> Measured:
    """Have the restored indices serve, whatever an application did meanwhile.

    What another run has taken the place of serves nothing.
    """
    cluster = connect(command.endpoint, scope)
    now = _as_it_is(command, all_indices(cluster))
    try:
        for name in now.concrete if now.keep_previous else ():
            _copy(cluster, name, now.copy(name))
        for index, serves in _by_index(now.serves).items():
            _finish(cluster, index, Origin(now.provenance, serves, now.replaced))
        require_ours()
        _swap(cluster, now)
    except EnvsyncError:
        _unlock(cluster, now.concrete)
        raise
    warnings = (*_shown(cluster, now.live, now.serves), *_dropped(cluster, now))
    return Measured(data_of=now.provenance.stamp, warnings=warnings)


def swap_back(command: SwapBack, scope: Scope) -> None:
    """Have the previous indices serve again; raises CommandError where others serve by now."""
    cluster = connect(command.endpoint, scope)

    def call(indices: Indices) -> Call:
        _require_same(command, indices)
        return swap(command.live, command.previous, ())

    _until_serving(cluster, command.previous, call)
    for warning in _shown(cluster, command.live, command.previous):
        _LOGGER.warning(warning)


def _require_same(command: SwapBack, indices: Indices) -> None:
    """Raise CommandError where others serve by now than when the rollback was decided on."""
    known = generations(indices, command.name)
    if (known.live, known.previous) != (command.live, command.previous):
        raise CommandError(
            f"which indices of {command.name!r} serve on {command.endpoint} has changed since they "
            "were looked at; nothing was rolled back: try again"
        )
    in_the_way = [index.name for index in indices if index.name in command.previous]
    if in_the_way:
        raise CommandError(
            f"{in_the_way[0]!r} is an index on {command.endpoint} and no longer an alias: somebody "
            "has made it; nothing was rolled back: delete it, or pull, which converts it"
        )


def _shown(cluster: Cluster, live: Picture, then: Picture) -> tuple[str, ...]:
    """Hide what no longer serves and show what does; what cannot be so is a warning."""
    warnings = []
    for call in showing(live, then):
        try:
            cluster.insist(partial(cluster.send, call))
        except EnvsyncError as error:
            warnings.append(f"who searches for '*' may find the wrong indices: {error}")
    return tuple(warnings)


def _as_it_is(command: Promote, indices: Indices) -> Promote:
    """Return the command with who serves at this moment."""
    known = generations(indices, command.name)
    live = {**known.live, **picture(indices, command.serves)}
    concrete = tuple(index.name for index in indices if index.name in command.serves)
    return replace(command, live=live, concrete=concrete)


def _by_index(serves: Picture) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for alias, behind in serves.items():
        for index, how in behind.items():
            found.setdefault(index, {})[alias] = how
    return found


def _copy(cluster: Cluster, name: str, copy: str) -> None:
    """Copy an index without reading it: it is not written to from now on until it is replaced.

    One that an application deletes or makes again meanwhile is not there to be kept.
    """
    block, clone = copying(name, copy)
    try:
        cluster.insist(lambda: cluster.send(block))
        cluster.insist(lambda: _cloned(cluster, clone, copy))
        cluster.until(lambda: _is_copied(cluster, name, copy))
    except CommandError:
        if is_blocked(cluster, name):
            raise
        _LOGGER.info("%s was deleted while it was copied, and is not kept", name)
        delete(cluster, copy)


def _is_copied(cluster: Cluster, name: str, copy: str) -> bool | None:
    """Tell that a copy can be read; raises CommandError where what it is copied from has gone."""
    health = cluster.look(f"{path('_cluster', 'health', copy)}?expand_wildcards=all")
    if health["status"] != "red":
        return True
    if not is_blocked(cluster, name):
        raise CommandError(f"{name} has gone while it was copied")
    return None


def _cloned(cluster: Cluster, clone: Call, copy: str) -> None:
    try:
        cluster.send(clone)
    except AnswerError:
        if not any(index.name == copy for index in all_indices(cluster)):
            raise


def _unlock(cluster: Cluster, names: tuple[str, ...]) -> None:
    """Let indices be written to again that stay what they were."""
    apart = connect(cluster.endpoint, Scope()) if names else cluster
    for name in names:
        try:
            unblock(apart, name)
        except CommandError as error:
            _LOGGER.warning("%s may still refuse writes: %s", name, error)


def _finish(cluster: Cluster, index: str, origin: Origin) -> None:
    """Write into an index that it is whole, whence it came, and what it replaces."""
    mapping = cluster.look(f"{path(index, '_mapping')}?filter_path=*.mappings._meta")
    meta: Mapping[str, Any] = mapping.get(index, {}).get("mappings", {}).get("_meta", {})
    body = {"_meta": {**meta, "envsync": note(index, origin)}}
    cluster.insist(lambda: cluster.ask("PUT", path(index, "_mapping"), body))


def _swap(cluster: Cluster, command: Promote) -> None:
    """Update the aliases, again as often as an application comes in between."""

    def call(indices: Indices) -> Call:
        there = {index.name for index in indices}
        gone = sorted(name for name in _by_index(command.serves) if name not in there)
        if gone:
            raise CommandError(
                f"{gone[0]} has gone from {cluster.endpoint} since it was restored; nothing was "
                "promoted"
            )
        now = _as_it_is(command, indices)
        return swap(now.live, now.serves, now.concrete)

    _until_serving(cluster, command.serves, call)


def _until_serving(cluster: Cluster, wanted: Picture, call: Callable[[Indices], Call]) -> None:
    """Update the aliases; one update that is under way is waited for, whatever ends the step.

    Else what is restored would be cleared away while it begins to serve.
    """
    apart = connect(cluster.endpoint, Scope())

    def serving(indices: Indices) -> bool:
        found = picture(indices, wanted)
        return {name: set(behind) for name, behind in found.items()} == {
            name: set(behind) for name, behind in wanted.items()
        }

    def swapped() -> bool | None:
        indices = all_indices(cluster)
        if serving(indices):
            return True
        try:
            apart.send(call(indices))
        except UnavailableError as error:
            _LOGGER.info("%s; looking who serves", error)
            return None
        except AnswerError as error:
            # What was to be removed is gone, or an index has appeared where an alias goes.
            if missing(error) or error.kind == "invalid_alias_name_exception":
                return None
            if serving(all_indices(cluster)):
                return True
            raise
        return True

    cluster.until(swapped)


def _dropped(cluster: Cluster, command: Promote) -> tuple[str, ...]:
    """Delete what nobody needs, unless somebody serves it; what stays is a warning."""
    warnings = []
    try:
        known = {index.name: index for index in all_indices(cluster)}
    except EnvsyncError as error:
        return (f"what nobody needs any more is still there: {error}",)
    for name in command.discard:
        if name in known and not known[name].aliases:
            try:
                delete(cluster, name)
            except EnvsyncError as error:
                warnings.append(f"the index {name} is still there: {error}")
    return tuple(warnings)

"""Snapshots: started, then watched; what a proxy says meanwhile does not decide how they end."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from envsync.artefacts import Manifest
from envsync.commands import Measured
from envsync.commands.elasticsearch_requests import path, repository
from envsync.commands.elasticsearch_snapshots import (
    DeleteSnapshot,
    DropSnapshot,
    KeepSnapshots,
    TakeSnapshot,
)
from envsync.errors import BusyError, CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.cleaning import sanitised
from envsync.gateways.elasticsearch.claims import Lease
from envsync.gateways.elasticsearch.cluster import AnswerError, Cluster, connect, missing
from envsync.gateways.elasticsearch.indices import count
from envsync.gateways.elasticsearch.metadata import manifest_of, metadata
from envsync.gateways.elasticsearch.store import SUCCESS, snapshots
from envsync.gateways.scope import Scope
from envsync.gateways.weighing import weighed

_LOGGER = logging.getLogger(__name__)
_RUNNING = "IN_PROGRESS"
_SHOWN = 3
NOTHING_BEFORE = Measured()
# A name that exists was accepted by an answer that got lost.
_EXISTS = "invalid_snapshot_name_exception"
# Older clusters do one thing with a repository at a time, and deletions keep out snapshots.
_ANOTHER_TURN = "concurrent_snapshot_execution_exception"


def take_snapshot(
    command: TakeSnapshot, scope: Scope, before: Measured = NOTHING_BEFORE
) -> Measured:
    """Take a snapshot, or wait for that of another machine; raises CommandError unless it is whole.

    One that fails or is interrupted is deleted. One that a killed run left going on is waited for.
    None is begun that would lie below its floor, and one whose indices do afterwards is deleted.
    """
    cluster = connect(command.endpoint, scope)
    key = command.location.key
    if command.clean:
        counted = _recounted(cluster, command.manifest)
        manifest = sanitised(command.location, counted, before)
        command = replace(command, manifest=manifest)
    manifest, warnings = weighed(command.floor, command.manifest)
    described = metadata(key.path, manifest)
    lease = Lease(cluster, f"push-{key.database}", {"snapshot": command.snapshot})
    other = lease.take()
    if other is not None:
        return _others(cluster, command, lease, other)
    with lease.kept(scope):
        running = _left(cluster, command)
        if running is None:
            return replace(_own(cluster, command, described), warnings=warnings)
        _LOGGER.info("%s goes on since a run that ended; waiting for it", running)
        return _measured(_ended(cluster, command, running), command)


def _own(cluster: Cluster, command: TakeSnapshot, described: Mapping[str, Any]) -> Measured:
    try:
        _start(cluster, command, described)
        measured = _measured(_ended(cluster, command, command.snapshot), command)
        weighed(command.floor, _recounted(cluster, command.manifest))
    except (CommandError, InterruptedStepError):
        _delete(connect(command.endpoint, Scope()), command, command.snapshot)
        raise
    return measured


def _recounted(cluster: Cluster, manifest: Manifest) -> Manifest:
    """Count again: what a snapshot holds cannot be asked, only what was there before and after."""
    rows = {index: _count_again(cluster, index, before) for index, before in manifest.rows.items()}
    return manifest.model_copy(update={"rows": rows})


def _count_again(cluster: Cluster, index: str, before: int) -> int:
    """Count an index that is still there; one that was replaced meanwhile is in the snapshot."""
    try:
        return count(cluster, index)
    except AnswerError as error:
        if missing(error):
            return before
        raise


def _start(cluster: Cluster, command: TakeSnapshot, described: Mapping[str, Any]) -> None:
    """Start a snapshot; returns once it is known to have been started."""
    call = command.call(described)

    def started() -> bool | None:
        try:
            cluster.send(call)
        except UnavailableError as error:
            _LOGGER.info("%s; looking whether %s was started", error, command.snapshot)
            return True if _found(cluster, command, command.snapshot) else None
        except AnswerError as error:
            if error.kind == _EXISTS:
                return True
            if error.kind == _ANOTHER_TURN:
                return None
            raise
        return True

    cluster.until(started)


def _ended(cluster: Cluster, command: TakeSnapshot, name: str) -> dict[str, Any]:
    """Return a snapshot once it has ended well; raises CommandError for every other end."""

    def ended() -> dict[str, Any] | None:
        found = _found(cluster, command, name)
        if found is None:
            raise CommandError(f"the snapshot {name} is gone: it was deleted while it was taken")
        return None if found.get("state") == _RUNNING else found

    found: dict[str, Any] = cluster.until(ended)
    if found.get("state") != SUCCESS:
        raise CommandError(_not_whole(name, found))
    return found


def _not_whole(name: str, found: Mapping[str, Any]) -> str:
    shards = found.get("shards", {})
    failures = [
        f"{failure.get('index')}[{failure.get('shard_id')}]: "
        f"{str(failure.get('reason') or failure.get('status')).splitlines()[0][:160]}"
        for failure in found.get("failures", ())[:_SHOWN]
    ]
    said = "; ".join(failures) or str(found.get("reason") or "the cluster does not say why")
    return (
        f"the snapshot {name} ended as {found.get('state')}, "
        f"{shards.get('failed', '?')} of {shards.get('total', '?')} shards failed: {said}"
    )


def _others(
    cluster: Cluster, command: TakeSnapshot, lease: Lease, other: Mapping[str, Any]
) -> Measured:
    """Wait for the snapshot that another machine is taking, and tell how it ends."""
    name = str(other.get("snapshot"))
    _LOGGER.info("%s is taking %s; waiting for it", other.get("holder"), name)

    def ended() -> dict[str, Any] | None:
        held = lease.read()
        found = _found(cluster, command, name)
        if found is None:
            if held is None or held["_source"].get("run") != other.get("run"):
                raise CommandError(
                    f"the snapshot {name} failed for {other.get('holder')}, which was taking it "
                    "for all; the log there says why"
                )
            return None
        return None if found.get("state") == _RUNNING else found

    found: dict[str, Any] = cluster.until(ended)
    if found.get("state") != SUCCESS:
        raise CommandError(_not_whole(name, found))
    return _measured(found, command)


def _measured(found: dict[str, Any], command: TakeSnapshot) -> Measured:
    described = manifest_of(found)
    if described is None:
        raise CommandError(f"the snapshot {found.get('snapshot')} lacks its manifest")
    key, manifest = described
    return Measured(
        bytes=manifest.bytes,
        bytes_uncompressed=manifest.bytes,
        rows=manifest.rows,
        artefact=None if key == command.location.key else key,
    )


def _left(cluster: Cluster, command: TakeSnapshot) -> str | None:
    """Delete what failed before; return the snapshot that a killed run has left going on."""
    name = f"envsync-{command.location.key.database}@*"
    running = None
    for found in snapshots(cluster, repository(command.location), name):
        if found.get("state") == _RUNNING:
            running = str(found["snapshot"])
        elif found.get("state") != SUCCESS:
            _delete(cluster, command, str(found["snapshot"]))
    return running


def _found(cluster: Cluster, command: TakeSnapshot, name: str) -> dict[str, Any] | None:
    return next(iter(snapshots(cluster, repository(command.location), name)), None)


def _delete(cluster: Cluster, command: TakeSnapshot, name: str) -> None:
    """Delete a snapshot of no use, which ends one that goes on; the next push tries again."""
    with suppress(CommandError):
        cluster.ask("DELETE", path("_snapshot", repository(command.location), name))


def drop_snapshot(command: DropSnapshot, scope: Scope) -> None:
    """Delete a snapshot, and those of its database that are not whole; one going on is ended."""
    cluster = connect(command.endpoint, scope)
    where = repository(command.location)
    for found in snapshots(cluster, where, f"envsync-{command.location.key.database}@*"):
        if found["snapshot"] == command.snapshot or found.get("state") != SUCCESS:
            _delete_one(cluster, path("_snapshot", where, str(found["snapshot"])))


def keep_snapshots(command: KeepSnapshots, scope: Scope) -> Measured:
    """Delete all but the newest snapshots; one that cannot be deleted is a warning."""
    cluster = connect(command.endpoint, scope)
    where = repository(command.location)
    pattern = f"envsync-{command.location.key.database}@*"
    names = sorted(
        str(found["snapshot"])
        for found in snapshots(cluster, where, pattern)
        if found.get("state") == SUCCESS and manifest_of(found)
    )
    kept = []
    for name in names[: -command.keep]:
        try:
            _delete_one(cluster, path("_snapshot", where, name))
        except CommandError as error:
            kept.append(f"the old snapshot {name} is still there: {error}")
    return Measured(warnings=tuple(kept))


def delete_snapshot(command: DeleteSnapshot, scope: Scope) -> None:
    """Delete a snapshot; raises BusyError while another machine takes one of the same database."""
    cluster = connect(command.endpoint, scope)
    name = command.location.key.database
    lease = Lease(cluster, f"push-{name}", {"snapshot": command.snapshot})
    other = lease.take()
    if other is not None:
        raise BusyError(
            f"{other.get('holder')} is at the snapshots of {name!r} on {command.endpoint}; prune "
            "again once it has ended"
        )
    with lease.kept(scope):
        where = repository(command.location)
        _delete_one(cluster, path("_snapshot", where, command.snapshot))


def _delete_one(cluster: Cluster, where: str) -> None:
    def deleted() -> None:
        try:
            cluster.ask("DELETE", where)
        except AnswerError as error:
            if not missing(error):
                raise

    cluster.insist(deleted)

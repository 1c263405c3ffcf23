"""What is refused on a search cluster before anything is touched, with what would be accepted."""

from envsync.artefacts import Manifest
from envsync.dbms.refusals import refuse_stale, refuse_unclean
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.elasticsearch import Cluster, PullFacts, PushFacts
from envsync.inventory.model import Database, Server, Sync
from envsync.places import SnapshotRepository

HEADROOM = 1.1
"""Room asked for beyond the size of what was taken: a restore is no tighter than its source."""
OLDEST = (7, 10)
"""The oldest Elasticsearch that hides indices and keeps metadata with its snapshots."""
LONGEST_NAME = 255
"""Bytes in the name of an index."""


def refuse_push(database: Database, repository: SnapshotRepository, facts: PushFacts) -> None:
    """Raise RefusedError for a push that could not succeed."""
    _refuse_old(database.server, facts.cluster)
    where = f"on {database.server.name} ({database.server.endpoint})"
    if facts.readonly is None:
        raise RefusedError(
            f"there is no repository {repository.repository!r} {where}; register it: "
            f"PUT _snapshot/{repository.repository}, or correct repository: in the inventory"
        )
    if facts.readonly:
        raise RefusedError(
            f"the repository {repository.repository!r} is registered read-only {where}, and a push "
            "writes to it; name the cluster's own repository in the inventory"
        )
    if not facts.indices:
        patterns = ", ".join(map(repr, database.indices))
        raise RefusedError(
            f"no index or alias {where} is meant by {patterns}; correct indices: of {database} in "
            "the inventory"
        )
    if not any(index.documents for index in facts.indices):
        raise RefusedError(
            f"the indices of {database} {where} hold no documents, and an empty snapshot would "
            "pass for data; correct indices: or server: in the inventory"
        )


def refuse_pull(
    sync: Sync, repository: SnapshotRepository, request: Request, facts: PullFacts
) -> None:
    """Raise RefusedError for a pull that could not succeed, or would bring the wrong data."""
    server = sync.target.server
    _refuse_old(server, facts.cluster)
    if not facts.readonly and server.endpoint != sync.source.server.endpoint:
        raise RefusedError(
            f"the repository {repository.repository!r} of {sync.source.environment.name} is not "
            f"read-only on {server.name} ({server.endpoint}), and two clusters that write to one "
            "repository spoil it; register it there again with readonly: true in its settings"
        )
    if facts.manifest is None:
        return
    _refuse_foreign(sync, repository, facts.manifest)
    refuse_unclean(sync, facts)
    if request.timestamp is None and request.pushed is None:
        refuse_stale(sync, facts.manifest, request.now)
    _refuse_without_room(facts.manifest.bytes, facts.cluster.free_bytes, server)
    added = len(f"envsync-{sync.target.name}@20261120t024000z-was-")
    for index in facts.manifest.rows:
        if added + len(index.encode()) > LONGEST_NAME:
            raise RefusedError(
                f"the index {index!r} has too long a name to be restored beside itself; accepted: "
                f"{LONGEST_NAME - added} bytes, or a shorter name: of {sync.target}"
            )


def refuse_clean(server: Server, repository: str, facts: PullFacts) -> None:
    """Raise RefusedError where a cleaning's snapshot could not be taken."""
    if not repository:
        return
    where = f"on {server.name} ({server.endpoint})"
    if facts.clean_readonly is None:
        raise RefusedError(
            f"there is no repository {repository!r} {where} for clean snapshots; register it: "
            f"PUT _snapshot/{repository}, or correct repository: in the inventory"
        )
    if facts.clean_readonly:
        raise RefusedError(
            f"the repository {repository!r} is registered read-only {where}, and a cleaning writes "
            "to it; register it there to be written"
        )


def _refuse_old(server: Server, cluster: Cluster) -> None:
    number = tuple(int(part) for part in cluster.version.split(".")[:2])
    if cluster.distribution == "elasticsearch" and number < OLDEST:
        raise RefusedError(
            f"{server.name} is Elasticsearch {cluster.version}, which hides no indices; accepted: "
            "Elasticsearch 7.10 or later, or OpenSearch"
        )


def _refuse_foreign(sync: Sync, repository: SnapshotRepository, manifest: Manifest) -> None:
    """Refuse an artefact whose manifest names other data than was asked for."""
    asked = (sync.source.environment.name, sync.source.key, sync.source.name)
    found = (manifest.environment, manifest.database, manifest.name)
    if asked != found:
        raise RefusedError(
            f"the snapshot of {manifest.stamp} in {repository.url} says it holds "
            f"{manifest.database} ({manifest.name!r}) of {manifest.environment}, not "
            f"{sync.source.key} ({sync.source.name!r}) of {sync.source.environment.name}; "
            "correct name: or repository:"
        )


def _refuse_without_room(needed: int, free: int | None, server: Server) -> None:
    if free is not None and needed * HEADROOM > free:
        raise RefusedError(
            f"no space on {server.name} beside the live indices: about "
            f"{needed * HEADROOM / 2**20:,.0f} MiB are needed and {free / 2**20:,.0f} MiB are free"
        )

"""How a snapshot is made clean: restored on a scratch cluster, sanitised, taken again."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest
from envsync.commands import Command
from envsync.commands import elasticsearch as es
from envsync.commands.elasticsearch_snapshots import DropSnapshot, KeepSnapshots, TakeSnapshot
from envsync.dbms import cleaning
from envsync.dbms.cleaning import location
from envsync.dbms.elasticsearch_pull import prefix_of, renamed_by, restore, sanitise, serving
from envsync.dbms.request import Request
from envsync.facts.elasticsearch import PullFacts, snapshot_name
from envsync.inventory.model import Sync
from envsync.plan.model import Step


def clean(
    step: Step, sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """What a cleaning does, in order: the snapshot is of what has been sanitised and checked."""
    database = sync.target
    endpoint = database.server.endpoint
    renamed = renamed_by(manifest, prefix_of(database, request))
    place = location(sync, ArtefactKey.of(manifest, sync.source.path))
    snapshot = snapshot_name(sync.source.name, place.key.stamp)
    yield es.Claim(endpoint, database.name)
    yield DropSnapshot(endpoint, place, snapshot)
    yield from restore(sync, request, facts, manifest)
    yield from sanitise(sync, serving(manifest, renamed))
    described = cleaning.described(step, place, request, facts, facts.cluster.client)
    yield TakeSnapshot(
        endpoint,
        place,
        snapshot,
        tuple(renamed.values()),
        described.model_copy(
            update={
                "bytes": manifest.bytes,
                "bytes_uncompressed": manifest.bytes_uncompressed,
                "rows": {renamed[index]: count for index, count in manifest.rows.items()},
                "aliases": {
                    renamed[index]: dict(aliases) for index, aliases in manifest.aliases.items()
                },
            }
        ),
        clean=True,
    )
    if sync.source.keep_snapshots is not None:
        yield KeepSnapshots(endpoint, place, sync.source.keep_snapshots)
    yield es.DropLeftovers(endpoint, database.name, request.now, tuple(renamed.values()))

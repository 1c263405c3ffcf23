"""How an artefact of PostgreSQL is made clean: restored on a scratch server, sanitised, dumped."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest
from envsync.commands import Command
from envsync.commands import postgresql as pg
from envsync.commands.artefacts import Supersede, Sweep
from envsync.dbms.cleaning import location, published
from envsync.dbms.dumps import ABANDONED_AFTER, target_of
from envsync.dbms.postgresql_clients import dump_client
from envsync.dbms.postgresql_dump import dump
from envsync.dbms.postgresql_pull import fresh_quarantine, incoming, restore, sanitise
from envsync.dbms.request import Request
from envsync.facts.postgresql import PullFacts
from envsync.inventory.model import Sync
from envsync.plan.model import Step


def clean(
    step: Step, sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """What a cleaning does, in order: what is published has been sanitised and checked before."""
    database = sync.target
    quarantine = target_of(database, incoming(database))
    place = location(sync, ArtefactKey.of(manifest, sync.source.path))
    client = dump_client(facts.clients, facts.server.major)
    yield pg.Claim(database.server.endpoint, database.name)
    yield Sweep(place.storage, sync.source.path, ABANDONED_AFTER)
    yield Supersede(place)
    yield from fresh_quarantine(database, facts, manifest, None)
    yield from restore(step, sync, facts, manifest, None)
    yield from sanitise(sync, quarantine, None)
    if manifest.row_counts == "estimate":
        yield pg.Analyse(quarantine, max(1, database.restore_jobs))
    yield dump(quarantine, client, place, manifest.database_bytes, manifest.row_counts)
    yield pg.DropDatabase(database.server.endpoint, quarantine.database)
    yield published(step, place, request, facts, client.version)

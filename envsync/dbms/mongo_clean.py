"""How an artefact of MongoDB is made clean: restored on a scratch server, sanitised, dumped."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest
from envsync.commands import Command, mongo
from envsync.commands.artefacts import Supersede, Sweep
from envsync.commands.steps import Caution
from envsync.dbms.cleaning import location, published
from envsync.dbms.dumps import ABANDONED_AFTER, COMPRESSION_LEVEL, COMPRESSION_THREADS, target_of
from envsync.dbms.mongo_pull import incoming, restore, sanitise
from envsync.dbms.request import Request
from envsync.facts.mongo import PullFacts
from envsync.inventory.model import Sync
from envsync.plan.model import Step

READERS = 2
"""Connections that read a database at once: as many as compression keeps up with."""


def clean(
    step: Step, sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """What a cleaning does, in order: what is published has been sanitised and checked before."""
    endpoint, quarantine = (
        sync.target.server.endpoint,
        target_of(sync.target, incoming(sync.target)),
    )
    place = location(sync, ArtefactKey.of(manifest, sync.source.path))
    yield mongo.Claim(endpoint, sync.target.name)
    if facts.caution:
        yield Caution(facts.caution)
    yield Sweep(place.storage, sync.source.path, ABANDONED_AFTER)
    yield Supersede(place)
    yield mongo.DropDatabase(endpoint, quarantine.database)
    yield from restore(step, sync, manifest, quarantine, "", None)
    yield from sanitise(sync, quarantine, step.options.exclude_tables)
    yield mongo.Dump(
        quarantine,
        place,
        COMPRESSION_LEVEL,
        COMPRESSION_THREADS,
        READERS,
        manifest.database_bytes,
        snapshot=False,
        ranges=facts.server.ranges,
        named=sync.source.name,
    )
    yield mongo.DropDatabase(endpoint, quarantine.database)
    yield published(step, place, request, facts, facts.client_version)

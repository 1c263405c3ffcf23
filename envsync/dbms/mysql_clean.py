"""How an artefact of MySQL is made clean: restored on a scratch server, sanitised, dumped."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest
from envsync.commands import Command
from envsync.commands import mysql as my
from envsync.commands.artefacts import Supersede, Sweep
from envsync.dbms.cleaning import location, published
from envsync.dbms.dumps import ABANDONED_AFTER, COMPRESSION_LEVEL, COMPRESSION_THREADS, target_of
from envsync.dbms.mysql_clients import dump_arguments, dump_client
from envsync.dbms.mysql_pull import names, restore, sanitise
from envsync.dbms.request import Request
from envsync.facts.mysql import PullFacts
from envsync.inventory.model import Sync
from envsync.plan.model import Step


def clean(
    step: Step, sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """What a cleaning does, in order: what is published has been sanitised and checked before."""
    database = sync.target
    quarantine = target_of(database, names(database).incoming)
    place = location(sync, ArtefactKey.of(manifest, sync.source.path))
    client = dump_client(facts.clients, facts.server)
    yield my.Claim(database.server.endpoint, database.name)
    yield Sweep(place.storage, sync.source.path, ABANDONED_AFTER)
    yield Supersede(place)
    yield from restore(step, sync, manifest, quarantine)
    yield from sanitise(sync, quarantine, step.options.exclude_tables)
    yield my.Dump(
        quarantine,
        dump_arguments(client, database, quarantine.database),
        place,
        COMPRESSION_LEVEL,
        COMPRESSION_THREADS,
        manifest.database_bytes,
        follows=True,
    )
    yield my.DropSchema(quarantine)
    yield published(step, place, request, facts, client.text)

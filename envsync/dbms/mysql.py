"""How MySQL and MariaDB are pushed and pulled: SQL dumps, schemas as quarantine, RENAME TABLE."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import Command, Location
from envsync.commands import mysql as my
from envsync.commands.artefacts import Discard, Publish, Sweep
from envsync.commands.mysql_promote import Recover, SwapBack
from envsync.dbms import mysql_refusals as refusals
from envsync.dbms.cleaning import unpublished
from envsync.dbms.dumps import (
    ABANDONED_AFTER,
    COMPRESSION_LEVEL,
    COMPRESSION_THREADS,
    dump_key,
    target_of,
)
from envsync.dbms.floor import floor
from envsync.dbms.mysql_clean import clean
from envsync.dbms.mysql_clients import dump_arguments, dump_client
from envsync.dbms.mysql_pull import names, pull, tried, verify
from envsync.dbms.request import Request
from envsync.dbms.wanted import wanted
from envsync.errors import NoPreviousError
from envsync.facts import Facts
from envsync.facts.mysql import PullFacts, PushFacts, Schema, SwapFacts
from envsync.inventory.model import Database
from envsync.plan.model import Clean, Pull, Push, Step, Verify
from envsync.questions import Question
from envsync.questions.mysql import ObservePull, ObservePush, ObserveSwap
from envsync.version import VERSION

FORMAT = "sql.zst"
"""What mariadb-dump or mysqldump writes, compressed with zstd: `zstd -d | mysql` restores it."""


def artefact(database: Database, stamp: Stamp) -> ArtefactKey:
    """Where a push made at a moment leaves its artefact."""
    return dump_key(database, stamp, FORMAT)


def question(step: Step, request: Request) -> Question:
    """What must be known before the step acts."""
    target = target_of(step.database, step.database.name)
    match step.action:
        case Push(database):
            return ObservePush(
                target, database.environment.storage, database.path, database.environment.clients
            )
        case Pull(sync) | Clean(sync) | Verify(sync):
            return ObservePull(
                wanted=wanted(step, sync, request),
                target=target,
                schemas=names(sync.target),
                disk_bytes=sync.target.server.disk_bytes,
                clients=sync.target.environment.clients,
            )
        case _:
            raise TypeError(f"not of a database: {step.action}")


def idle(facts: Facts) -> str | None:
    """Why there is rightly nothing to do here, if so: the server is a replica."""
    match facts:
        case PushFacts(server=server) | PullFacts(server=server):
            return server.replica or None
    return None


def refuse(step: Step, request: Request, facts: Facts) -> None:
    """Raise RefusedError where the step could not succeed; nothing has been touched yet."""
    match step.action, facts:
        case _, PushFacts(server=server) | PullFacts(server=server) if server.assumed:
            return
        case Push(database), PushFacts():
            refusals.refuse_push(database, facts)
        case Pull(sync) | Clean(sync) | Verify(sync), PullFacts():
            private = sync.script is not None or isinstance(step.action, Verify)
            refusals.refuse_pull(sync, request, facts, private=private)


def commands(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What the step does, in order."""
    match step.action, facts:
        case Push(database), PushFacts(source=Schema() as source):
            yield from _push(step, database, request, facts, source)
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from pull(step, sync, manifest)
        case Clean(sync), PullFacts(manifest=Manifest() as manifest):
            yield from clean(step, sync, request, facts, manifest)
        case Verify(sync), PullFacts(manifest=Manifest() as manifest):
            yield from verify(step, sync, manifest)


def trial(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What a pull does up to its checks, with its rows remembered before anything changes them."""
    del request
    match step.action, facts:
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from tried(step, sync, manifest)


def _push(
    step: Step, database: Database, request: Request, facts: PushFacts, source: Schema
) -> Iterator[Command]:
    location = Location(database.environment.storage, artefact(database, request.now))
    client = dump_client(facts.clients, facts.server)
    options = step.options
    yield Sweep(database.environment.storage, database.path, ABANDONED_AFTER)
    yield my.Dump(
        target_of(database, database.name),
        dump_arguments(client, database, database.name, options.exclude_tables),
        location,
        COMPRESSION_LEVEL,
        COMPRESSION_THREADS,
        source.bytes,
        options.exclude_table_data,
    )
    yield Publish(
        location,
        _manifest(step, database, location.key, facts, source),
        floor(facts.newest, database, step.options, request),
    )


def _manifest(
    step: Step, database: Database, key: ArtefactKey, facts: PushFacts, source: Schema
) -> Manifest:
    """What is known of the artefact before it is made; the rest is measured."""
    came = source.provenance
    return Manifest(
        environment=database.environment.name,
        database=database.key,
        name=database.name,
        dbms=database.server.dbms,
        stamp=str(key.stamp),
        format=key.format,
        encrypted_to=database.environment.storage.age.encrypt_to,
        row_counts="exact",
        without_rows=step.options.exclude_table_data,
        database_bytes=source.bytes,
        encoding=source.character_set,
        collate=source.collation,
        ctype=source.collation,
        collations=source.collations,
        lower_case_table_names=facts.server.lower_case_table_names,
        server_version=facts.server.version,
        client_version=dump_client(facts.clients, facts.server).text,
        envsync_version=VERSION,
        sanitised=(came.sanitised,) if came and came.sanitised else (),
    )


def abandon(step: Step, request: Request) -> Iterator[Command]:
    """What clears up after a step that failed halfway."""
    match step.action:
        case Push(database) if request.dumped:
            key = artefact(database, request.now)
            yield Discard(Location(database.environment.storage, key))
        case Pull(sync) | Clean(sync) | Verify(sync):
            endpoint = sync.target.server.endpoint
            yield my.Claim(endpoint, sync.target.name)
            if isinstance(step.action, Pull):
                # What the quarantine's tables need is kept under its name, and goes with it.
                yield Recover(endpoint, names(sync.target))
            yield my.DropSchema(target_of(sync.target, names(sync.target).incoming))
            yield from unpublished(step, request)


def rollback_question(database: Database) -> ObserveSwap:
    """What must be known before a rollback."""
    return ObserveSwap(target_of(database, database.name), names(database).previous)


def rollback(database: Database, facts: Facts) -> Iterator[Command]:
    """What makes the previous data live again; raises NoPreviousError without any."""
    if not isinstance(facts, SwapFacts) or facts.previous is None or not facts.previous.tables:
        raise NoPreviousError(
            f"{database} has no previous schema {names(database).previous!r} to roll back to"
        )
    endpoint, schemas = database.server.endpoint, names(database)
    yield my.Claim(endpoint, database.name)
    yield SwapBack(endpoint, schemas)

"""How PostgreSQL is pushed and pulled: pg_dump archives, databases as quarantine, renames."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import Command, Location
from envsync.commands import postgresql as pg
from envsync.commands.artefacts import Discard, Publish, Sweep
from envsync.commands.postgresql_promote import SwapBack
from envsync.dbms import postgresql_refusals as refusals
from envsync.dbms.cleaning import unpublished
from envsync.dbms.dumps import ABANDONED_AFTER, dump_key, target_of
from envsync.dbms.floor import floor
from envsync.dbms.postgresql_clean import clean
from envsync.dbms.postgresql_clients import dump_client
from envsync.dbms.postgresql_dump import dump
from envsync.dbms.postgresql_pull import discarded, incoming, previous, pull, tried, verify
from envsync.dbms.request import Request
from envsync.dbms.wanted import wanted
from envsync.errors import NoPreviousError
from envsync.facts import Facts
from envsync.facts.postgresql import Database as Live
from envsync.facts.postgresql import PullFacts, PushFacts, SwapFacts
from envsync.inventory.model import Database
from envsync.plan.model import Clean, Pull, Push, Step, Verify
from envsync.questions import Question
from envsync.questions.postgresql import ObservePull, ObservePush, ObserveSwap
from envsync.version import VERSION

FORMAT = "dump.zst"
"""A pg_dump archive in custom format, compressed with zstd."""


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
                previous=previous(sync.target),
                remains=(incoming(sync.target), discarded(sync.target)),
                clients=sync.target.environment.clients,
                disk_bytes=sync.target.server.disk_bytes,
            )
        case _:
            raise TypeError(f"not of a database: {step.action}")


def idle(facts: Facts) -> str | None:
    """Why there is rightly nothing to do here, if so: the server is a standby."""
    match facts:
        case PushFacts(server=server) | PullFacts(server=server):
            return "the server is a standby" if server.standby else None
    return None


def refuse(step: Step, request: Request, facts: Facts) -> None:
    """Raise RefusedError where the step could not succeed; nothing has been touched yet."""
    match step.action, facts:
        case _, PushFacts(server=server) | PullFacts(server=server) if server.assumed:
            return
        case Push(database), PushFacts():
            refusals.refuse_push(database, facts)
        case Pull(sync) | Clean(sync) | Verify(sync), PullFacts():
            refusals.refuse_pull(sync, request, facts)


def commands(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What the step does, in order."""
    match step.action, facts:
        case Push(database), PushFacts(source=Live() as source):
            yield from _push(step, database, request, facts, source)
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from pull(step, sync, facts, manifest)
        case Clean(sync), PullFacts(manifest=Manifest() as manifest):
            yield from clean(step, sync, request, facts, manifest)
        case Verify(sync), PullFacts(manifest=Manifest() as manifest):
            yield from verify(step, sync, facts, manifest)


def trial(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What a pull does up to its checks, with its rows remembered before anything changes them."""
    del request
    match step.action, facts:
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from tried(step, sync, facts, manifest)


def _push(
    step: Step, database: Database, request: Request, facts: PushFacts, source: Live
) -> Iterator[Command]:
    location = Location(database.environment.storage, artefact(database, request.now))
    client = dump_client(facts.clients, facts.server.major)
    yield Sweep(database.environment.storage, database.path, ABANDONED_AFTER)
    yield dump(
        target_of(database, database.name),
        client,
        location,
        source.bytes,
        database.row_counts,
        step.options.exclude_table_data,
    )
    yield Publish(
        location,
        _manifest(step, database, location.key, facts, source),
        floor(facts.newest, database, step.options, request),
    )


def _manifest(
    step: Step, database: Database, key: ArtefactKey, facts: PushFacts, source: Live
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
        row_counts=database.row_counts,
        without_rows=step.options.exclude_table_data,
        large_objects=source.large_objects,
        database_bytes=source.bytes,
        encoding=source.encoding,
        collate=source.collate,
        ctype=source.ctype,
        server_version=facts.server.version_text,
        client_version=dump_client(facts.clients, facts.server.major).version,
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
            yield pg.Claim(sync.target.server.endpoint, sync.target.name)
            yield pg.DropDatabase(sync.target.server.endpoint, incoming(sync.target))
            yield from unpublished(step, request)


def rollback_question(database: Database) -> ObserveSwap:
    """What must be known before a rollback."""
    return ObserveSwap(target_of(database, database.name), previous(database))


def rollback(database: Database, facts: Facts) -> Iterator[Command]:
    """What makes the previous database live again; raises NoPreviousError without one."""
    if not isinstance(facts, SwapFacts) or facts.previous is None:
        raise NoPreviousError(
            f"{database} has no previous database {previous(database)!r} to roll back to"
        )
    endpoint = database.server.endpoint
    yield pg.Claim(endpoint, database.name)
    yield pg.DropDatabase(endpoint, discarded(database))
    yield SwapBack(endpoint, database.name, previous(database), discarded(database))

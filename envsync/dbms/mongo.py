"""How MongoDB is pushed and pulled: archives of mongodump's format, collections renamed at once."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import Command, Location, mongo
from envsync.commands.artefacts import Discard, Publish, Sweep
from envsync.commands.mongo_promote import SwapBack
from envsync.commands.steps import Caution
from envsync.dbms import mongo_refusals as refusals
from envsync.dbms.cleaning import unpublished
from envsync.dbms.dumps import (
    ABANDONED_AFTER,
    COMPRESSION_LEVEL,
    COMPRESSION_THREADS,
    dump_key,
    target_of,
)
from envsync.dbms.floor import floor
from envsync.dbms.mongo_clean import READERS, clean
from envsync.dbms.mongo_pull import cleared, incoming, is_made_safe, pull, scripts, tried, verify
from envsync.dbms.request import Request
from envsync.dbms.wanted import wanted
from envsync.errors import NoPreviousError
from envsync.facts import Facts
from envsync.facts.mongo import Database as Live
from envsync.facts.mongo import PullFacts, PushFacts, SwapFacts
from envsync.inventory.model import Database, Sync
from envsync.plan.model import Clean, Pull, Push, Step, Verify
from envsync.questions import Question
from envsync.questions.mongo import ObservePull, ObservePush, ObserveSwap
from envsync.version import VERSION

FORMAT = "archive.zst"
"""An archive as mongodump --archive writes it, compressed with zstd."""


def artefact(database: Database, stamp: Stamp) -> ArtefactKey:
    """Where a push made at a moment leaves its artefact."""
    return dump_key(database, stamp, FORMAT)


def question(step: Step, request: Request) -> Question:
    """What must be known before the step acts."""
    target = target_of(step.database, step.database.name)
    match step.action:
        case Push(database):
            return ObservePush(
                target, database.environment.storage, database.path, _from_secondary(database)
            )
        case Pull(sync) | Clean(sync) | Verify(sync):
            return ObservePull(
                wanted=wanted(step, sync, request),
                target=target,
                quarantine=_private(step, sync),
                scripts=scripts(sync),
            )
        case _:
            raise TypeError(f"not of a database: {step.action}")


def idle(facts: Facts) -> str | None:
    """Why there is rightly nothing to do here, if so: another member of the set is the one."""
    match facts:
        case PushFacts(server=server, wanted=wanted) if not server.serves(wanted):
            return f"the server is {_described(server.state)}, and pushes are made from {wanted}"
        case PullFacts(server=server) if not server.writable:
            return f"the server is {_described(server.state)}, not the primary"
        case _:
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
    if source.left_out:
        names = ", ".join(source.left_out)
        yield Caution(f"{names} of {database.name} is not in the artefact")
    yield Sweep(database.environment.storage, database.path, ABANDONED_AFTER)
    yield mongo.Dump(
        target_of(database, database.name),
        location,
        COMPRESSION_LEVEL,
        COMPRESSION_THREADS,
        READERS,
        source.bytes,
        snapshot=facts.server.snapshots,
        ranges=facts.server.ranges,
        secondary=_from_secondary(database),
        without_collections=step.options.exclude_tables,
    )
    came = source.provenance
    yield Publish(
        location,
        Manifest(
            environment=database.environment.name,
            database=database.key,
            name=database.name,
            dbms=database.server.dbms,
            stamp=str(location.key.stamp),
            format=location.key.format,
            encrypted_to=location.storage.age.encrypt_to,
            row_counts="exact",
            without_rows=step.options.exclude_tables,
            database_bytes=source.bytes,
            server_version=facts.server.version,
            client_version=facts.client_version,
            envsync_version=VERSION,
            sanitised=(came.sanitised,) if came and came.sanitised else (),
        ),
        floor(facts.newest, database, step.options, request),
    )


def abandon(step: Step, request: Request) -> Iterator[Command]:
    """What clears up after a step that failed halfway."""
    match step.action:
        case Push(database) if request.dumped:
            key = artefact(database, request.now)
            yield Discard(Location(database.environment.storage, key))
        case Pull(sync):
            yield mongo.Claim(sync.target.server.endpoint, sync.target.name)
            yield from cleared(sync)
        case Clean(sync) | Verify(sync):
            yield mongo.Claim(sync.target.server.endpoint, sync.target.name)
            yield mongo.DropDatabase(sync.target.server.endpoint, incoming(sync.target))
            yield from unpublished(step, request)


def rollback_question(database: Database) -> ObserveSwap:
    """What must be known before a rollback."""
    return ObserveSwap(target_of(database, database.name))


def rollback(database: Database, facts: Facts) -> Iterator[Command]:
    """What makes the previous collections live again; raises NoPreviousError without any."""
    if not isinstance(facts, SwapFacts) or not (
        facts.begun or (facts.live and facts.live.previous)
    ):
        raise NoPreviousError(
            f"{database} has no previous collections ({mongo.PREVIOUS}*) to roll back to"
        )
    yield mongo.Claim(database.server.endpoint, database.name)
    yield SwapBack(target_of(database, database.name), facts.server.renames_at_once)


def _private(step: Step, sync: Sync) -> str | None:
    """Name the database in which the copy lies that nobody may read yet; None without such."""
    apart = isinstance(step.action, Clean | Verify) or is_made_safe(sync)
    return incoming(sync.target) if apart else None


def _from_secondary(database: Database) -> bool:
    return database.server.push_from == "secondary"


def _described(state: str) -> str:
    return f"a {state}" if state in {"secondary", "member"} else state

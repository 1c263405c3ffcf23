"""How a search cluster is pushed and pulled: snapshots, hidden indices as quarantine, aliases."""

from collections.abc import Iterator
from dataclasses import replace

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import Command, Location
from envsync.commands import elasticsearch as es
from envsync.commands.elasticsearch_promote import SwapBack
from envsync.commands.elasticsearch_snapshots import KeepSnapshots, TakeSnapshot
from envsync.dbms import elasticsearch_refusals as refusals
from envsync.dbms.dumps import script_of, written
from envsync.dbms.elasticsearch_clean import clean
from envsync.dbms.elasticsearch_pull import pull, tried, verify
from envsync.dbms.elasticsearch_repositories import clean_repository, read_through, repository_of
from envsync.dbms.floor import floor
from envsync.dbms.request import Request
from envsync.dbms.wanted import wanted
from envsync.errors import NoPreviousError
from envsync.facts import Facts
from envsync.facts.elasticsearch import PullFacts, PushFacts, SwapFacts, snapshot_name
from envsync.inventory.model import Database
from envsync.plan.model import Clean, Pull, Push, Step, Verify
from envsync.questions import Question
from envsync.questions.elasticsearch import ObservePull, ObservePush, ObserveSwap
from envsync.version import VERSION

FORMAT = "snapshot"
"""A snapshot in the repository: whole as soon as the cluster says so, its manifest in it."""


def artefact(database: Database, stamp: Stamp) -> ArtefactKey:
    """Where a push made at a moment leaves its artefact."""
    return ArtefactKey(database.path, stamp, database.name, FORMAT)


def question(step: Step, request: Request) -> Question:
    """What must be known before the step acts."""
    match step.action:
        case Push(database):
            endpoint, repository = database.server.endpoint, repository_of(database)
            return ObservePush(
                endpoint, repository.repository, database.indices, database.path, database.name
            )
        case Pull(sync) | Clean(sync) | Verify(sync):
            storage = read_through(sync)
            return ObservePull(
                wanted=replace(
                    wanted(step, sync, request),
                    storage=storage,
                    writes=written(step) if isinstance(step.action, Clean) else None,
                ),
                endpoint=sync.target.server.endpoint,
                repository=storage.repository,
                target=sync.target.name,
                script=script_of(sync.script),
                clean=clean_repository(step),
            )
        case _:
            raise TypeError(f"not of a database: {step.action}")


def idle(facts: Facts) -> str | None:
    """Why there is rightly nothing to do here: never, for every node of a cluster serves."""
    del facts
    reason: str | None = None
    return reason


def refuse(step: Step, request: Request, facts: Facts) -> None:
    """Raise RefusedError where the step could not succeed; nothing has been touched yet."""
    match step.action, facts:
        case _, PushFacts(cluster=cluster) | PullFacts(cluster=cluster) if cluster.assumed:
            return
        case Push(database), PushFacts():
            refusals.refuse_push(database, repository_of(database), facts)
        case Pull(sync) | Clean(sync) | Verify(sync), PullFacts():
            refusals.refuse_pull(sync, read_through(sync), request, facts)
            refusals.refuse_clean(sync.target.server, clean_repository(step), facts)


def commands(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What the step does, in order."""
    match step.action, facts:
        case Push(database), PushFacts():
            yield from _push(step, database, request, facts)
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from pull(sync, request, facts, manifest)
        case Clean(sync), PullFacts(manifest=Manifest() as manifest):
            yield from clean(step, sync, request, facts, manifest)
        case Verify(sync), PullFacts(manifest=Manifest() as manifest):
            yield from verify(sync, request, facts, manifest)


def trial(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What a pull does up to its checks; the documents are remembered once they are restored."""
    match step.action, facts:
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from tried(step, sync, request, facts, manifest)


def _push(step: Step, database: Database, request: Request, facts: PushFacts) -> Iterator[Command]:
    location = Location(repository_of(database), artefact(database, request.now))
    endpoint = database.server.endpoint
    yield TakeSnapshot(
        endpoint,
        location,
        snapshot_name(database.name, request.now),
        tuple(index.name for index in facts.indices),
        _manifest(database, location.key, facts),
        floor(facts.newest, database, step.options, request),
    )
    if database.keep_snapshots is not None:
        yield KeepSnapshots(endpoint, location, database.keep_snapshots)


def _manifest(database: Database, key: ArtefactKey, facts: PushFacts) -> Manifest:
    """What is known of the artefact before it is made: documents may come while it is made."""
    came = [index.origin.provenance for index in facts.indices if index.origin]
    size = sum(index.bytes for index in facts.indices)
    return Manifest(
        environment=database.environment.name,
        database=database.key,
        name=database.name,
        dbms=database.server.dbms,
        stamp=str(key.stamp),
        format=key.format,
        bytes=size,
        bytes_uncompressed=size,
        row_counts="estimate",
        rows={index.name: index.documents for index in facts.indices},
        database_bytes=size,
        server_version=facts.cluster.version,
        client_version=facts.cluster.client,
        envsync_version=VERSION,
        sanitised=tuple(each.sanitised for each in came[:1] if each.sanitised),
        aliases={index.name: dict(index.names) for index in facts.indices},
    )


def abandon(step: Step, request: Request) -> Iterator[Command]:
    """What clears up after a step that failed halfway; a snapshot's own command undoes it."""
    if isinstance(step.action, Pull | Clean | Verify):
        target = step.action.sync.target
        yield es.DropLeftovers(target.server.endpoint, target.name, request.now)


def rollback_question(database: Database) -> ObserveSwap:
    """What must be known before a rollback."""
    return ObserveSwap(database.server.endpoint, database.name)


def rollback(database: Database, facts: Facts) -> Iterator[Command]:
    """What has the previous indices serve again; raises NoPreviousError without any."""
    if not isinstance(facts, SwapFacts) or not facts.generations.previous:
        raise NoPreviousError(f"{database} has no previous indices to roll back to")
    known = facts.generations
    yield es.Claim(database.server.endpoint, database.name)
    yield SwapBack(database.server.endpoint, database.name, known.live, known.previous)

"""How a search cluster is pushed and pulled: snapshots, hidden indices as quarantine, aliases."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.columns import Classification, Columns
from envsync.commands import Command, Location, Target
from envsync.commands import elasticsearch as es
from envsync.commands.elasticsearch_promote import Promote, SwapBack
from envsync.commands.elasticsearch_snapshots import DropSnapshot, KeepSnapshots, TakeSnapshot
from envsync.commands.trial import Copy, RememberRows
from envsync.dbms import cleaning
from envsync.dbms import elasticsearch_refusals as refusals
from envsync.dbms.cleaning import location
from envsync.dbms.covering import covered
from envsync.dbms.dumps import script_of, written
from envsync.dbms.floor import floor
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts import Facts
from envsync.facts.elasticsearch import (
    Generations,
    Picture,
    PullFacts,
    PushFacts,
    SwapFacts,
    belongs,
    generations,
    moment,
    original,
    picture,
    snapshot_name,
)
from envsync.inventory.model import Database, Dbms, Sync
from envsync.places import SnapshotRepository
from envsync.plan.model import Clean, Pull, Push, Step, Verify
from envsync.provenance import Provenance
from envsync.questions import Question
from envsync.questions.elasticsearch import (
    ObserveColumns,
    ObservePull,
    ObservePush,
    ObserveSamples,
    ObserveSwap,
)
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
            endpoint, repository = database.server.endpoint, _repository(database)
            return ObservePush(
                endpoint, repository.repository, database.indices, database.path, database.name
            )
        case Pull(sync) | Clean(sync) | Verify(sync):
            storage = _read_through(sync)
            return ObservePull(
                storage=storage,
                environment=sync.source.environment.name,
                database=sync.source.key,
                path=sync.source.path,
                name=sync.source.name,
                now=request.now,
                timestamp=str(request.pushed.stamp) if request.pushed else request.timestamp,
                awaited=request.awaited,
                endpoint=sync.target.server.endpoint,
                repository=storage.repository,
                target=sync.target.name,
                script=script_of(sync.script),
                clean=_clean_repository(step),
                writes=written(step) if isinstance(step.action, Clean) else None,
                cleans=isinstance(step.action, Clean),
                sanitised_by=script_of(sync.script),
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
            refusals.refuse_push(database, _repository(database), facts)
        case Pull(sync) | Clean(sync) | Verify(sync), PullFacts():
            refusals.refuse_pull(sync, _read_through(sync), request, facts)
            refusals.refuse_clean(sync.target.server, _clean_repository(step), facts)


def commands(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What the step does, in order."""
    match step.action, facts:
        case Push(database), PushFacts():
            yield from _push(step, database, request, facts)
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from _pull(sync, request, facts, manifest)
        case Clean(sync), PullFacts(manifest=Manifest() as manifest):
            yield from _clean(step, sync, request, facts, manifest)
        case Verify(sync), PullFacts(manifest=Manifest() as manifest):
            yield from _verify(sync, request, facts, manifest)


def trial(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What a pull does up to its checks; the documents are remembered once they are restored."""
    match step.action, facts:
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            serves = _serves(manifest, _renamed(manifest, _prefix(sync.target, request)))
            yield es.Claim(sync.target.server.endpoint, sync.target.name)
            yield from _restore(sync, request, facts, manifest)
            target = Target(sync.target.server.endpoint, sync.target.name)
            copy = Copy(Dbms.ELASTICSEARCH, target, None, _called(serves, sync.columns))
            yield RememberRows(copy, step.options.temppath)
            yield from _sanitise(sync, serves)


def _called(serves: Picture, decided: Classification | None) -> tuple[tuple[str, str], ...]:
    """Return the restored indices, each by the name that was decided on, if any of its was."""
    names: dict[str, list[str]] = {}
    for name, behind in serves.items():
        for index in behind:
            names.setdefault(index, []).append(name)
    return tuple(
        (next((name for name in known if decided and decided.knows(name)), known[0]), index)
        for index, served in names.items()
        if (known := (*sorted(served), original(index)))
    )


def _push(step: Step, database: Database, request: Request, facts: PushFacts) -> Iterator[Command]:
    location = Location(_repository(database), artefact(database, request.now))
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


def _pull(sync: Sync, request: Request, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    prefix = _prefix(sync.target, request)
    serves = _serves(manifest, _renamed(manifest, prefix))
    yield es.Claim(sync.target.server.endpoint, sync.target.name)
    yield from _restore(sync, request, facts, manifest)
    yield from _sanitise(sync, serves)
    yield _promote(sync, facts, manifest, serves, prefix)


def _sanitise(sync: Sync, serves: Picture) -> Iterator[Command]:
    """Make what was restored safe to read, and have that checked."""
    endpoint, script = sync.target.server.endpoint, script_of(sync.script)
    yield from covered(sync, lambda gate: es.CheckColumns(endpoint, serves, gate))
    if script and not sync.is_cleaned:
        yield es.RunScript(endpoint, script, serves)
    if script:
        yield es.RunChecks(endpoint, script, serves)


def _clean(
    step: Step, sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """What a cleaning does, in order: the snapshot is of what has been sanitised and checked."""
    database = sync.target
    endpoint = database.server.endpoint
    renamed = _renamed(manifest, _prefix(database, request))
    place = location(sync, ArtefactKey.of(manifest, sync.source.path))
    snapshot = snapshot_name(sync.source.name, place.key.stamp)
    yield es.Claim(endpoint, database.name)
    yield DropSnapshot(endpoint, place, snapshot)
    yield from _restore(sync, request, facts, manifest)
    yield from _sanitise(sync, _serves(manifest, renamed))
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


def _verify(
    sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """What a drill does, in order: nothing is promoted, and what was restored is deleted."""
    database = sync.target
    yield es.Claim(database.server.endpoint, database.name)
    yield from _restore(sync, request, facts, manifest)
    restored = _renamed(manifest, _prefix(database, request))
    yield es.DropLeftovers(
        database.server.endpoint, database.name, request.now, tuple(restored.values())
    )


def _restore(
    sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """Restore a snapshot under hidden names, cleared of what killed runs left."""
    database = sync.target
    endpoint, prefix = database.server.endpoint, _prefix(database, request)
    renamed = _renamed(manifest, prefix)
    known = generations(facts.indices, database.name)
    yield es.DropLeftovers(endpoint, database.name, seen=_leftovers(facts, known, database))
    location = Location(_read_through(sync), ArtefactKey.of(manifest, sync.source.path))
    snapshot = snapshot_name(sync.source.name, location.key.stamp)
    yield es.Restore(endpoint, location, snapshot, prefix, renamed)
    counted = {renamed[index]: count for index, count in manifest.rows.items()}
    yield es.CompareRows(endpoint, counted)


def _prefix(database: Database, request: Request) -> str:
    """What goes before the names of the indices that are restored for a database."""
    return f"envsync-{database.name}@{moment(request.now)}-"


def _renamed(manifest: Manifest, prefix: str) -> dict[str, str]:
    return {index: f"{prefix}{original(index)}" for index in manifest.rows}


def _promote(
    sync: Sync, facts: PullFacts, manifest: Manifest, serves: Picture, prefix: str
) -> Promote:
    database = sync.target
    known = generations(facts.indices, database.name)
    live = {**known.live, **picture(facts.indices, serves)}
    behind = {index for indices in live.values() for index in indices}
    unwanted = known.indices - behind if database.keep_previous else known.indices | behind
    return Promote(
        database.server.endpoint,
        database.name,
        serves,
        live,
        tuple(index.name for index in facts.indices if index.name in serves),
        prefix,
        Provenance.of(manifest),
        tuple(sorted(unwanted)),
        database.keep_previous,
    )


def _serves(manifest: Manifest, renamed: dict[str, str]) -> Picture:
    """Tell which of the restored indices will serve which name."""
    served: dict[str, dict[str, str]] = {}
    for index, name in renamed.items():
        for alias, how in manifest.aliases.get(index, {original(index): "{}"}).items():
            served.setdefault(alias, {})[name] = how
    return served


def _leftovers(facts: PullFacts, known: Generations, database: Database) -> tuple[str, ...]:
    own = (index for index in facts.indices if belongs(index.name, database.name))
    return tuple(
        index.name for index in own if index.name not in known.indices and not index.aliases
    )


def abandon(step: Step, request: Request) -> Iterator[Command]:
    """What clears up after a step that failed halfway; a snapshot's own command undoes it."""
    if isinstance(step.action, Pull | Clean | Verify):
        target = step.action.sync.target
        yield es.DropLeftovers(target.server.endpoint, target.name, request.now)


def columns_question(database: Database) -> ObserveColumns:
    """What fields a database's indices have."""
    return ObserveColumns(database.server.endpoint, database.indices)


def samples_question(
    database: Database, table: str, columns: Columns, limit: int
) -> ObserveSamples:
    """What at most so many documents behind a name look like, whatever their fields."""
    del columns
    return ObserveSamples(database.server.endpoint, database.indices, table, limit)


def rollback_question(database: Database) -> ObserveSwap:
    """What must be known before a rollback."""
    return ObserveSwap(database.server.endpoint, database.name)


def rollback(database: Database, facts: Facts) -> Iterator[Command]:
    """What has the previous indices serve again; raises RefusedError without any."""
    if not isinstance(facts, SwapFacts) or not facts.generations.previous:
        raise RefusedError(
            f"{database} has no previous indices to roll back to; pull an older artefact instead: "
            f"invoke backups {database.key} --env {database.environment.name} lists them"
        )
    known = facts.generations
    yield SwapBack(database.server.endpoint, database.name, known.live, known.previous)


def _repository(database: Database) -> SnapshotRepository:
    if database.server.repository is None:
        raise RefusedError(
            f"{database} has no repository of snapshots; name it with repository: on the server "
            f"{database.server.name} in the inventory"
        )
    return database.server.repository


def _read_through(sync: Sync) -> SnapshotRepository:
    """Return the repository that the target reads, as its own cluster reaches it."""
    repository = sync.storage if sync.is_cleaned else _repository(sync.source)
    if not isinstance(repository, SnapshotRepository):
        raise RefusedError(f"{sync.source} has no repository for clean snapshots")
    return SnapshotRepository(repository.repository, sync.target.server.endpoint)


def _clean_repository(step: Step) -> str:
    """Name the repository that a cleaning takes its snapshot into; "" for any other step."""
    place = written(step) if isinstance(step.action, Clean) else None
    return place.repository if isinstance(place, SnapshotRepository) else ""

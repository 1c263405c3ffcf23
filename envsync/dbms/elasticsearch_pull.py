"""How a search cluster is pulled: hidden indices as quarantine, made safe, then served instead."""

from collections.abc import Iterator

from envsync.artefacts import ArtefactKey, Manifest
from envsync.columns import Classification
from envsync.commands import Command, Location, Target
from envsync.commands import elasticsearch as es
from envsync.commands.elasticsearch_promote import Promote
from envsync.commands.trial import Copy, RememberRows
from envsync.dbms.covering import covered
from envsync.dbms.dumps import script_of
from envsync.dbms.elasticsearch_repositories import read_through
from envsync.dbms.request import Request
from envsync.facts.elasticsearch import (
    Generations,
    Picture,
    PullFacts,
    belongs,
    generations,
    moment,
    original,
    picture,
    snapshot_name,
)
from envsync.inventory.model import Database, Dbms, Sync
from envsync.plan.model import Step
from envsync.provenance import Provenance


def pull(sync: Sync, request: Request, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a pull does, in order."""
    prefix = prefix_of(sync.target, request)
    serves = serving(manifest, renamed_by(manifest, prefix))
    yield es.Claim(sync.target.server.endpoint, sync.target.name)
    yield from restore(sync, request, facts, manifest)
    yield from sanitise(sync, serves)
    yield _promote(sync, facts, manifest, serves, prefix)


def verify(sync: Sync, request: Request, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a drill does, in order: nothing is promoted, and what was restored is deleted."""
    database = sync.target
    yield es.Claim(database.server.endpoint, database.name)
    yield from restore(sync, request, facts, manifest)
    restored = renamed_by(manifest, prefix_of(database, request))
    yield es.DropLeftovers(
        database.server.endpoint, database.name, request.now, tuple(restored.values())
    )


def tried(
    step: Step, sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """What a trial does, in order: a pull up to its checks, its documents remembered before."""
    serves = serving(manifest, renamed_by(manifest, prefix_of(sync.target, request)))
    yield es.Claim(sync.target.server.endpoint, sync.target.name)
    yield from restore(sync, request, facts, manifest)
    target = Target(sync.target.server.endpoint, sync.target.name)
    copy = Copy(Dbms.ELASTICSEARCH, target, None, _called(serves, sync.columns))
    yield RememberRows(copy, step.options.temppath)
    yield from sanitise(sync, serves)


def restore(
    sync: Sync, request: Request, facts: PullFacts, manifest: Manifest
) -> Iterator[Command]:
    """Restore a snapshot under hidden names, cleared of what killed runs left."""
    database = sync.target
    endpoint, prefix = database.server.endpoint, prefix_of(database, request)
    renamed = renamed_by(manifest, prefix)
    known = generations(facts.indices, database.name)
    yield es.DropLeftovers(endpoint, database.name, seen=_leftovers(facts, known, database))
    location = Location(read_through(sync), ArtefactKey.of(manifest, sync.source.path))
    snapshot = snapshot_name(sync.source.name, location.key.stamp)
    yield es.Restore(endpoint, location, snapshot, prefix, renamed)
    counted = {renamed[index]: count for index, count in manifest.rows.items()}
    yield es.CompareRows(endpoint, counted)


def sanitise(sync: Sync, serves: Picture) -> Iterator[Command]:
    """Make what was restored safe to read, and have that checked."""
    endpoint, script = sync.target.server.endpoint, script_of(sync.script)
    yield from covered(sync, lambda gate: es.CheckColumns(endpoint, serves, gate))
    if script and not sync.is_cleaned:
        yield es.RunScript(endpoint, script, serves)
    if script:
        yield es.RunChecks(endpoint, script, serves)


def prefix_of(database: Database, request: Request) -> str:
    """What goes before the names of the indices that are restored for a database."""
    return f"envsync-{database.name}@{moment(request.now)}-"


def renamed_by(manifest: Manifest, prefix: str) -> dict[str, str]:
    """What the indices of an artefact are called once restored, by their names in it."""
    return {index: f"{prefix}{original(index)}" for index in manifest.rows}


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


def serving(manifest: Manifest, renamed: dict[str, str]) -> Picture:
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

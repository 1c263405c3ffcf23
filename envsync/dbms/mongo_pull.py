"""How MongoDB is pulled: made safe in a database of its own, copied beside, renamed into place."""

from collections.abc import Iterator

from envsync.artefacts import Manifest
from envsync.commands import Command, Script, Target, mongo
from envsync.commands.mongo_promote import CopyBeside, Promote
from envsync.commands.steps import Caution
from envsync.commands.trial import Copy, RememberRows
from envsync.dbms.covering import covered
from envsync.dbms.dumps import pulled, script_of, target_of
from envsync.facts.mongo import PullFacts
from envsync.inventory.model import Database, Dbms, Sanitise, Sync
from envsync.plan.model import Step
from envsync.provenance import Provenance


def incoming(database: Database) -> str:
    """The quarantine's name."""
    return f"{database.name}__incoming"


def pull(step: Step, sync: Sync, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a pull does, in order: the live collections are touched by the promote alone."""
    database = sync.target
    live = target_of(database, database.name)
    yield mongo.Claim(database.server.endpoint, database.name)
    if is_made_safe(sync) and facts.caution:
        yield Caution(facts.caution)
    yield from cleared(sync)
    if is_made_safe(sync):
        quarantine = target_of(database, incoming(database))
        yield from restore(step, sync, manifest, quarantine, "", database.name)
        yield from sanitise(sync, quarantine, step.options.exclude_tables)
        yield CopyBeside(
            quarantine, live, mongo.INCOMING, database.restore_jobs, facts.server.ranges
        )
    else:
        yield from restore(step, sync, manifest, live, mongo.INCOMING, database.name)
    yield Promote(
        live, database.keep_previous, facts.server.renames_at_once, Provenance.of(manifest)
    )
    yield from cleared(sync)


def verify(step: Step, sync: Sync, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a drill does, in order: nothing is promoted, and what was restored is dropped."""
    quarantine = target_of(sync.target, incoming(sync.target))
    yield from _quarantined(step, sync, facts, manifest, None)
    yield from sanitise(sync, quarantine)
    yield mongo.DropDatabase(quarantine.endpoint, quarantine.database)


def tried(step: Step, sync: Sync, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a pull does up to its checks; the documents are remembered once they are restored."""
    quarantine = target_of(sync.target, incoming(sync.target))
    yield from _quarantined(step, sync, facts, manifest, sync.target.name)
    yield RememberRows(Copy(Dbms.MONGO, quarantine), step.options.temppath)
    yield from sanitise(sync, quarantine, step.options.exclude_tables)


def _quarantined(
    step: Step, sync: Sync, facts: PullFacts, manifest: Manifest, live: str | None
) -> Iterator[Command]:
    """Claim the database, and restore the artefact into a fresh quarantine."""
    quarantine = target_of(sync.target, incoming(sync.target))
    yield mongo.Claim(quarantine.endpoint, sync.target.name)
    if facts.caution:
        yield Caution(facts.caution)
    yield mongo.DropDatabase(quarantine.endpoint, quarantine.database)
    yield from restore(step, sync, manifest, quarantine, "", live)


def cleared(sync: Sync) -> Iterator[Command]:
    """Drop what is beside the live collections but is not the previous data."""
    database = sync.target
    if is_made_safe(sync):
        yield mongo.DropDatabase(database.server.endpoint, incoming(database))
    yield mongo.DropCollections(target_of(database, database.name), mongo.INCOMING)


def restore(  # noqa: PLR0913, PLR0917 - two places and two names
    step: Step, sync: Sync, manifest: Manifest, into: Target, prefix: str, live: str | None
) -> Iterator[Command]:
    """Restore the artefact under a prefix, all of it that is wanted, as its manifest says.

    Without the name of what is live nothing is remembered for a promote, and indexes are built.
    """
    location = pulled(sync, manifest)
    left_out = step.options.exclude_tables
    yield mongo.Restore(
        into,
        prefix,
        sync.source.name,
        live,
        location,
        sync.target.restore_jobs,
        indexes=bool(prefix) or live is None,
        without_collections=left_out,
    )
    yield mongo.CompareRows(into, location, left_out)


def sanitise(sync: Sync, quarantine: Target, left_out: tuple[str, ...] = ()) -> Iterator[Command]:
    """Make what is in a quarantine safe to read, and have that checked.

    Its fields are compared with those decided on as they came, before anything changes them.
    """
    yield from covered(sync, lambda gate: mongo.CheckColumns(quarantine, gate), left_out)
    script = script_of(None if sync.is_cleaned else sync.script)
    if script:
        yield mongo.RunScript(quarantine, script)
    for rewrite in sync.rewrite:
        collection, _, field = rewrite.field.partition(".")
        yield mongo.Rewrite(quarantine, collection, field, rewrite.replacements)
    for each in scripts(sync):
        yield mongo.RunChecks(quarantine, each)


def scripts(sync: Sync) -> tuple[Script, ...]:
    """Return the files that hold steps and checks."""
    return tuple(filter(None, map(script_of, (sync.script, sync.checks))))


def is_made_safe(sync: Sync) -> bool:
    """Tell whether anything must happen to the copy before an application may see it."""
    script = isinstance(sync.sanitise, Sanitise)
    return script or bool(sync.checks or sync.rewrite or sync.gate)

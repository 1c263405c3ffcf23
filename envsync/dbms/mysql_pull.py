"""How MySQL and MariaDB are pulled: a schema as quarantine, made safe, then renamed into place."""

from collections.abc import Iterator

from envsync.artefacts import Manifest
from envsync.commands import Command, Script, Target
from envsync.commands import mysql as my
from envsync.commands.mysql_promote import Promote, Recover
from envsync.commands.trial import Copy, RememberRows
from envsync.dbms.covering import covered
from envsync.dbms.dumps import pulled, script_of, target_of
from envsync.inventory.model import Database, Dbms, Sync
from envsync.plan.model import Step
from envsync.provenance import Provenance


def names(database: Database) -> my.Schemas:
    """Return the names a database has in the course of a pull."""
    name = database.name
    return my.Schemas(name, f"{name}__incoming", f"{name}__previous", f"{name}__discarded")


def pull(step: Step, sync: Sync, manifest: Manifest) -> Iterator[Command]:
    """What a pull does, in order: the live schema is touched by the promote alone."""
    database = sync.target
    endpoint, schemas = database.server.endpoint, names(database)
    quarantine = target_of(database, schemas.incoming)
    yield my.Claim(endpoint, database.name)
    yield Recover(endpoint, schemas)
    yield my.DropSchema(target_of(database, schemas.discarded))
    yield from restore(step, sync, manifest, quarantine)
    yield from sanitise(sync, quarantine, step.options.exclude_tables)
    yield my.Analyse(quarantine)
    yield Promote(endpoint, schemas, manifest.encoding, manifest.collate, Provenance.of(manifest))
    if not database.keep_previous:
        yield my.DropSchema(target_of(database, schemas.previous))


def verify(step: Step, sync: Sync, manifest: Manifest) -> Iterator[Command]:
    """What a drill does, in order: nothing is promoted, and what was restored is dropped."""
    database = sync.target
    quarantine = target_of(database, names(database).incoming)
    yield my.Claim(database.server.endpoint, database.name)
    yield from restore(step, sync, manifest, quarantine)
    yield from sanitise(sync, quarantine)
    yield my.DropSchema(quarantine)


def tried(step: Step, sync: Sync, manifest: Manifest) -> Iterator[Command]:
    """What a pull does up to its checks; the rows are remembered once they are restored."""
    database = sync.target
    endpoint, schemas = database.server.endpoint, names(database)
    quarantine = target_of(database, schemas.incoming)
    yield my.Claim(endpoint, database.name)
    yield Recover(endpoint, schemas)
    yield from restore(step, sync, manifest, quarantine)
    yield RememberRows(Copy(Dbms.MYSQL, quarantine), step.options.temppath)
    yield from sanitise(sync, quarantine, step.options.exclude_tables)


def restore(step: Step, sync: Sync, manifest: Manifest, quarantine: Target) -> Iterator[Command]:
    """Restore the artefact into a fresh quarantine, all of it that is wanted."""
    location = pulled(sync, manifest)
    jobs = max(1, sync.target.restore_jobs)
    left_out, without_rows = step.options.exclude_tables, step.options.exclude_table_data
    yield my.DropSchema(quarantine)
    yield my.CreateSchema(quarantine, manifest.encoding, manifest.collate)
    yield my.Restore(quarantine, location, jobs, left_out, without_rows)
    yield my.CompareRows(quarantine, location, (*left_out, *without_rows))


def sanitise(sync: Sync, quarantine: Target, left_out: tuple[str, ...] = ()) -> Iterator[Command]:
    """Make what is in a quarantine safe to read, and have that checked.

    Its columns are compared with those decided on as they came, before anything changes them. What
    changes them is followed by the deletion of what they were, which some tables remember.
    """
    yield from covered(sync, lambda gate: my.CheckColumns(quarantine, gate), left_out)
    script = script_of(None if sync.is_cleaned else sync.script)
    if script:
        yield my.RunScript(quarantine, script)
    for rewrite in sync.rewrite:
        table, _, column = rewrite.field.partition(".")
        yield my.Rewrite(quarantine, table, column, rewrite.replacements)
    if script or sync.rewrite:
        yield my.DeleteHistory(quarantine)
    if sync.checks:
        yield my.RunChecks(quarantine, Script(sync.checks.name, str(sync.checks.path)))

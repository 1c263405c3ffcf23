"""How PostgreSQL is pulled: a database as quarantine, made safe, then renamed into place."""

from collections.abc import Iterator
from itertools import takewhile

from envsync.artefacts import Manifest
from envsync.commands import Command, Script, Target
from envsync.commands import postgresql as pg
from envsync.commands.postgresql_promote import (
    ApplyGrants,
    ApplySettings,
    GrantOnAll,
    Promote,
    VerifyOwner,
)
from envsync.commands.postgresql_text import Name, Value
from envsync.commands.trial import Copy, RememberRows
from envsync.dbms.covering import covered
from envsync.dbms.dumps import pulled, script_of, target_of
from envsync.dbms.postgresql_clients import major, restore_client
from envsync.facts.postgresql import Client, PullFacts
from envsync.inventory.model import Database, Dbms, Sync
from envsync.plan.model import Step
from envsync.provenance import Provenance

# From PostgreSQL 15 on the schema public belongs to the owner of the database alone.
DATABASE_OWNER_HAS_PUBLIC = 15
EVERYBODY = (("CONNECT", ""), ("TEMPORARY", ""))
"""Who may connect to a new database: the default of PostgreSQL, "" being PUBLIC."""


def incoming(database: Database) -> str:
    """The quarantine's name."""
    return f"{database.name}__incoming"


def previous(database: Database) -> str:
    """The name of what was live before the last promote."""
    return f"{database.name}__previous"


def discarded(database: Database) -> str:
    """The name a database bears for the moments between its replacement and its end."""
    return f"{database.name}__discarded"


def pull(step: Step, sync: Sync, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a pull does, in order: the live database is touched by the promote alone."""
    database = sync.target
    quarantine = target_of(database, incoming(database))
    owner = _owner(database, facts)
    role = None if owner == facts.server.user else owner
    yield pg.Claim(database.server.endpoint, database.name)
    yield from fresh_quarantine(database, facts, manifest, role)
    yield from restore(step, sync, facts, manifest, role)
    yield from sanitise(sync, quarantine, role)
    yield from _permissions(database, quarantine, facts, role)
    yield VerifyOwner(quarantine, owner)
    yield pg.Analyse(quarantine, max(1, database.restore_jobs))
    yield _promote(sync, facts, manifest, owner)
    if not database.keep_previous:
        yield pg.DropDatabase(database.server.endpoint, previous(database))


def verify(step: Step, sync: Sync, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a drill does, in order: nothing is promoted, and what was restored is dropped."""
    database = sync.target
    quarantine = target_of(database, incoming(database))
    yield pg.Claim(database.server.endpoint, database.name)
    yield from fresh_quarantine(database, facts, manifest, None)
    yield from restore(step, sync, facts, manifest, None)
    yield from sanitise(sync, quarantine, None)
    yield pg.DropDatabase(database.server.endpoint, incoming(database))


def tried(step: Step, sync: Sync, facts: PullFacts, manifest: Manifest) -> Iterator[Command]:
    """What a pull does up to its checks; the rows are remembered once they are restored."""
    database = sync.target
    quarantine, owner = target_of(database, incoming(database)), _owner(database, facts)
    role = None if owner == facts.server.user else owner
    yield pg.Claim(database.server.endpoint, database.name)
    yield from fresh_quarantine(database, facts, manifest, role)
    yield from restore(step, sync, facts, manifest, role)
    yield RememberRows(Copy(Dbms.POSTGRESQL, quarantine, role), step.options.temppath)
    sanitising = sanitise(sync, quarantine, role)
    # With row security back in force, no owner could read all rows any more.
    yield from takewhile(lambda command: not isinstance(command, pg.PutBack), sanitising)


def fresh_quarantine(
    database: Database, facts: PullFacts, manifest: Manifest, role: str | None
) -> Iterator[Command]:
    """Create an empty database that nobody but this role can connect to, at any moment."""
    name = Name(incoming(database))
    maintenance = target_of(database, database.server.endpoint.maintenance)
    locale = facts.live or manifest
    for stale in (incoming(database), discarded(database)):
        yield pg.DropDatabase(database.server.endpoint, stale)
    yield pg.Sql(
        maintenance,
        "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {} "
        "ALLOW_CONNECTIONS false",
        (name, Value(manifest.encoding), Value(locale.collate), Value(locale.ctype)),
    )
    yield pg.Sql(maintenance, "REVOKE ALL ON DATABASE {} FROM PUBLIC", (name,))
    if role:
        yield pg.Sql(
            maintenance, "GRANT CREATE, TEMPORARY ON DATABASE {} TO {}", (name, Name(role))
        )
    yield pg.Sql(maintenance, "ALTER DATABASE {} ALLOW_CONNECTIONS true", (name,))
    if role and facts.server.major >= DATABASE_OWNER_HAS_PUBLIC:
        quarantine = target_of(database, incoming(database))
        yield pg.Sql(quarantine, "GRANT ALL ON SCHEMA public TO {}", (Name(role),))


def restore(
    step: Step, sync: Sync, facts: PullFacts, manifest: Manifest, role: str | None
) -> Iterator[Command]:
    """Restore the artefact into the quarantine, all of it that is wanted, as its manifest says."""
    quarantine = target_of(sync.target, incoming(sync.target))
    left_out = step.options.exclude_table_data
    location = pulled(sync, manifest)
    yield pg.Restore(
        quarantine,
        location,
        client_for(facts, manifest).folder,
        role,
        1 if manifest.large_objects else sync.target.restore_jobs,
        left_out,
    )
    yield pg.CompareRows(quarantine, location, left_out)


def sanitise(sync: Sync, quarantine: Target, role: str | None) -> Iterator[Command]:
    """Make what is in a quarantine safe to read, and have that checked.

    Its columns are compared with those decided on as they came, before anything changes them.
    """
    yield from covered(sync, lambda gate: pg.CheckColumns(quarantine, gate))
    script = script_of(None if sync.is_cleaned else sync.script)
    if script:
        yield pg.RunScript(quarantine, script, role)
    for rewrite in sync.rewrite:
        *table, column = rewrite.field.split(".")
        yield pg.Rewrite(quarantine, role, tuple(table), column, rewrite.replacements)
    if script or sync.rewrite:
        yield pg.RefreshViews(quarantine, role)
    if sync.checks:
        yield pg.RunChecks(quarantine, Script(sync.checks.name, str(sync.checks.path)), role)
    yield pg.PutBack(quarantine, role)


def _permissions(
    database: Database, quarantine: Target, facts: PullFacts, role: str | None
) -> Iterator[Command]:
    """Give the copy the grants and settings of the inventory, or of the database it replaces."""
    if role and facts.server.major >= DATABASE_OWNER_HAS_PUBLIC:
        yield pg.Sql(quarantine, "REVOKE ALL ON SCHEMA public FROM {}", (Name(role),))
    if database.grants is not None:
        yield GrantOnAll(quarantine, role, database.grants)
    elif facts.live and facts.live.grants:
        yield ApplyGrants(quarantine, role, facts.live.grants)
    if facts.live and facts.live.settings:
        yield ApplySettings(quarantine, facts.live.settings)
    if facts.live and facts.live.connection_limit >= 0:
        yield pg.Sql(
            target_of(database, database.server.endpoint.maintenance),
            f"ALTER DATABASE {{}} CONNECTION LIMIT {facts.live.connection_limit}",
            (Name(incoming(database)),),
        )


def _promote(sync: Sync, facts: PullFacts, manifest: Manifest, owner: str) -> Promote:
    database = sync.target
    renames = (
        *(((previous(database), discarded(database)),) if facts.previous else ()),
        *(((database.name, previous(database)),) if facts.live else ()),
        (incoming(database), database.name),
    )
    return Promote(
        database.server.endpoint,
        database.name,
        renames,
        discarded(database),
        owner,
        facts.live.connect if facts.live else EVERYBODY,
        Provenance.of(manifest),
    )


def _owner(database: Database, facts: PullFacts) -> str:
    return database.owner or (facts.live.owner if facts.live else facts.server.user)


def client_for(facts: PullFacts, manifest: Manifest) -> Client:
    """Return the client programs that read an artefact and know the server."""
    return restore_client(
        facts.clients,
        major(manifest.client_version),
        major(manifest.server_version),
        facts.server.major,
    )

"""How PostgreSQL is pushed and pulled: pg_dump archives, databases as quarantine, renames."""

from collections.abc import Iterator
from datetime import timedelta

from envsync import commands as c
from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import postgresql as pg
from envsync.dbms import postgresql_refusals as refusals
from envsync.dbms.dumps import ABANDONED_AFTER, COMPRESSION_LEVEL, COMPRESSION_THREADS
from envsync.dbms.postgresql_clients import dump_client, major, restore_client
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts import Facts
from envsync.facts.postgresql import Client, PullFacts, PushFacts, SwapFacts
from envsync.facts.postgresql import Database as Live
from envsync.inventory.model import Database, Sanitise, Sync
from envsync.plan.model import Pull, Push, Step
from envsync.provenance import Provenance
from envsync.version import VERSION

FORMAT = "dump.zst"
"""A pg_dump archive in custom format, compressed with zstd."""
LOCK_WAIT = timedelta(minutes=1)
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


def artefact(database: Database, stamp: Stamp) -> ArtefactKey:
    """Where a push made at a moment leaves its artefact."""
    return ArtefactKey(database.path, stamp, database.name, FORMAT)


def question(step: Step, request: Request) -> c.Question:
    """What must be known before the step acts."""
    target = _target(step.database, step.database.name)
    match step.action:
        case Push(database):
            return pg.ObservePush(
                target, database.environment.storage, database.path, database.environment.clients
            )
        case Pull(sync):
            return pg.ObservePull(
                storage=sync.source.environment.storage,
                environment=sync.source.environment.name,
                database=sync.source.key,
                path=sync.source.path,
                name=sync.source.name,
                now=request.now,
                timestamp=str(request.pushed.stamp) if request.pushed else request.timestamp,
                awaited=request.awaited,
                target=target,
                previous=previous(sync.target),
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
        case Pull(sync), PullFacts():
            refusals.refuse_pull(sync, request, facts)


def commands(step: Step, request: Request, facts: Facts) -> Iterator[c.Command]:
    """What the step does, in order."""
    match step.action, facts:
        case Push(database), PushFacts(source=Live() as source):
            yield from _push(step, database, request, facts, source)
        case Pull(sync), PullFacts(manifest=Manifest() as manifest):
            yield from _pull(step, sync, facts, manifest)


def _push(
    step: Step, database: Database, request: Request, facts: PushFacts, source: Live
) -> Iterator[c.Command]:
    location = c.Location(database.environment.storage, artefact(database, request.now))
    client = dump_client(facts.clients, facts.server.major)
    target = _target(database, database.name)
    left_out = step.options.exclude_table_data
    yield c.Sweep(database.environment.storage, database.path, ABANDONED_AFTER)
    yield pg.Dump(
        target,
        (
            f"{client.folder}/pg_dump",
            "--format=custom",
            "--compress=0",
            f"--snapshot={pg.SNAPSHOT}",
            f"--lock-wait-timeout={int(LOCK_WAIT.total_seconds())}s",
            "--no-password",
            *(f"--exclude-table-data={_pattern(table)}" for table in left_out),
            f"--dbname={pg.conninfo(target.endpoint, target.database)}",
        ),
        location,
        COMPRESSION_LEVEL,
        COMPRESSION_THREADS,
        source.bytes,
        database.row_counts,
        left_out,
    )
    yield c.Publish(location, _manifest(step, database, location.key, facts, source))


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


def _pull(step: Step, sync: Sync, facts: PullFacts, manifest: Manifest) -> Iterator[c.Command]:
    database = sync.target
    quarantine = _target(database, incoming(database))
    owner = _owner(database, facts)
    role = None if owner == facts.server.user else owner
    yield pg.Claim(database.server.endpoint, database.name)
    yield from _quarantine(database, facts, manifest, role)
    yield from _restore(step, sync, facts, manifest, role)
    yield from _sanitise(sync, quarantine, role)
    yield from _permissions(database, quarantine, facts, role)
    yield pg.VerifyOwner(quarantine, owner)
    yield pg.Analyse(quarantine, max(1, database.restore_jobs))
    yield _promote(sync, facts, manifest, owner)
    if not database.keep_previous:
        yield pg.DropDatabase(database.server.endpoint, previous(database))


def _quarantine(
    database: Database, facts: PullFacts, manifest: Manifest, role: str | None
) -> Iterator[c.Command]:
    """Create an empty database that nobody but this role can connect to, at any moment."""
    name = pg.Name(incoming(database))
    maintenance = _target(database, database.server.endpoint.maintenance)
    locale = facts.live or manifest
    for stale in (incoming(database), discarded(database)):
        yield pg.DropDatabase(database.server.endpoint, stale)
    yield pg.Sql(
        maintenance,
        "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {} "
        "ALLOW_CONNECTIONS false",
        (name, pg.Value(manifest.encoding), pg.Value(locale.collate), pg.Value(locale.ctype)),
    )
    yield pg.Sql(maintenance, "REVOKE ALL ON DATABASE {} FROM PUBLIC", (name,))
    if role:
        yield pg.Sql(
            maintenance, "GRANT CREATE, TEMPORARY ON DATABASE {} TO {}", (name, pg.Name(role))
        )
    yield pg.Sql(maintenance, "ALTER DATABASE {} ALLOW_CONNECTIONS true", (name,))
    if role and facts.server.major >= DATABASE_OWNER_HAS_PUBLIC:
        quarantine = _target(database, incoming(database))
        yield pg.Sql(quarantine, "GRANT ALL ON SCHEMA public TO {}", (pg.Name(role),))


def _restore(
    step: Step, sync: Sync, facts: PullFacts, manifest: Manifest, role: str | None
) -> Iterator[c.Command]:
    quarantine = _target(sync.target, incoming(sync.target))
    left_out = step.options.exclude_table_data
    location = _pulled(sync, manifest)
    yield pg.Restore(
        quarantine,
        location,
        _restore_client(facts, manifest).folder,
        role,
        1 if manifest.large_objects else sync.target.restore_jobs,
        left_out,
    )
    yield pg.CompareRows(quarantine, location, left_out)


def _sanitise(sync: Sync, quarantine: c.Target, role: str | None) -> Iterator[c.Command]:
    if isinstance(sync.sanitise, Sanitise):
        script = sync.sanitise.script
        yield pg.RunScript(quarantine, c.Script(script.name, str(script.path)), role)
    for rewrite in sync.rewrite:
        *table, column = rewrite.field.split(".")
        yield pg.Rewrite(quarantine, role, tuple(table), column, rewrite.replacements)
    if isinstance(sync.sanitise, Sanitise) or sync.rewrite:
        yield pg.RefreshViews(quarantine, role)
    if sync.checks:
        yield pg.RunChecks(quarantine, c.Script(sync.checks.name, str(sync.checks.path)), role)
    yield pg.PutBack(quarantine, role)


def _permissions(
    database: Database, quarantine: c.Target, facts: PullFacts, role: str | None
) -> Iterator[c.Command]:
    """Give the copy the grants and settings of the inventory, or of the database it replaces."""
    if role and facts.server.major >= DATABASE_OWNER_HAS_PUBLIC:
        yield pg.Sql(quarantine, "REVOKE ALL ON SCHEMA public FROM {}", (pg.Name(role),))
    if database.grants is not None:
        yield pg.GrantOnAll(quarantine, role, database.grants)
    elif facts.live and facts.live.grants:
        yield pg.ApplyGrants(quarantine, role, facts.live.grants)
    if facts.live and facts.live.settings:
        yield pg.ApplySettings(quarantine, facts.live.settings)
    if facts.live and facts.live.connection_limit >= 0:
        yield pg.Sql(
            _target(database, database.server.endpoint.maintenance),
            f"ALTER DATABASE {{}} CONNECTION LIMIT {facts.live.connection_limit}",
            (pg.Name(incoming(database)),),
        )


def _promote(sync: Sync, facts: PullFacts, manifest: Manifest, owner: str) -> pg.Promote:
    database = sync.target
    renames = (
        *(((previous(database), discarded(database)),) if facts.previous else ()),
        *(((database.name, previous(database)),) if facts.live else ()),
        (incoming(database), database.name),
    )
    return pg.Promote(
        database.server.endpoint,
        database.name,
        renames,
        discarded(database),
        owner,
        facts.live.connect if facts.live else EVERYBODY,
        Provenance.of(manifest),
    )


def abandon(step: Step, request: Request) -> Iterator[c.Command]:
    """What clears up after a step that failed halfway."""
    match step.action:
        case Push(database) if request.dumped:
            key = artefact(database, request.now)
            yield c.Discard(c.Location(database.environment.storage, key))
        case Pull(sync):
            yield pg.Claim(sync.target.server.endpoint, sync.target.name)
            yield pg.DropDatabase(sync.target.server.endpoint, incoming(sync.target))


def rollback_question(database: Database) -> pg.ObserveSwap:
    """What must be known before a rollback."""
    return pg.ObserveSwap(_target(database, database.name), previous(database))


def rollback(database: Database, facts: Facts) -> Iterator[c.Command]:
    """What makes the previous database live again; raises RefusedError without one."""
    if not isinstance(facts, SwapFacts) or facts.previous is None:
        raise RefusedError(
            f"{database} has no previous database {previous(database)!r} to roll back to; pull an "
            f"older artefact instead: invoke backups {database.key} --env "
            f"{database.environment.name} lists them"
        )
    yield pg.SwapBack(
        database.server.endpoint,
        database.name,
        previous(database),
        discarded(database),
    )


def _owner(database: Database, facts: PullFacts) -> str:
    return database.owner or (facts.live.owner if facts.live else facts.server.user)


def _restore_client(facts: PullFacts, manifest: Manifest) -> Client:
    return restore_client(
        facts.clients,
        major(manifest.client_version),
        major(manifest.server_version),
        facts.server.major,
    )


def _target(database: Database, name: str) -> c.Target:
    return c.Target(database.server.endpoint, name)


def _pulled(sync: Sync, manifest: Manifest) -> c.Location:
    key = ArtefactKey(
        sync.source.path, Stamp.parse(manifest.stamp), sync.source.name, manifest.format
    )
    return c.Location(sync.source.environment.storage, key)


def _pattern(table: str) -> str:
    """Name one table, in any schema unless it says one, in pg_dump's pattern language."""
    schema, dot, name = table.partition(".")
    return f"{pg.quoted(schema)}.{pg.quoted(name)}" if dot else f"*.{pg.quoted(table)}"

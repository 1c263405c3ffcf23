"""Turns what is sound in a file into the values of the model, with defaults filled in."""

import shlex
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from envsync.inventory.model import (
    Bucket,
    BucketSync,
    Database,
    Dbms,
    Drill,
    Ensure,
    Environment,
    NeverSanitise,
    Options,
    RebootLock,
    Retention,
    Rewrite,
    Schedule,
    Server,
)
from envsync.inventory.scripts import Scripts
from envsync.inventory.shape import EnvironmentShape
from envsync.inventory.shape_databases import DatabaseShape, DefaultsShape, RetentionShape
from envsync.inventory.shape_places import ServerShape
from envsync.inventory.shape_steps import BackupShape, VerifyShape, WhenShape
from envsync.inventory.shape_storages import BucketShape
from envsync.inventory.shape_syncs import BucketSyncShape, SyncShape
from envsync.inventory.values_places import (
    bucket_of,
    icinga_of,
    repository_of,
    secret_of,
    storage_of,
)
from envsync.places import BucketPlace, Endpoint

PORTS = {
    Dbms.POSTGRESQL: 5432,
    Dbms.MYSQL: 3306,
    Dbms.MONGO: 27017,
    Dbms.ELASTICSEARCH: 9200,
}
"""Where servers of each kind usually listen."""
_MAX_AGE = timedelta(hours=36)
_MAX_DELETE = "10%"
_MAX_SHRINK = "30%"

Value = TypeVar("Value")


def environment(shape: EnvironmentShape) -> Environment:
    """Return the environment a file is about."""
    lock = shape.reboot_lock
    return Environment(
        name=shape.environment,
        protected=shape.protected,
        storage=storage_of(shape.storage),
        reboot_lock=RebootLock(lock.directory, lock.name) if lock else None,
        icinga=icinga_of(shape.icinga) if shape.icinga else None,
        clients=shape.clients,
        clean_storage=storage_of(shape.clean_storage) if shape.clean_storage else None,
        retention=_retention(shape.retention) if shape.retention else None,
    )


def server(name: str, shape: ServerShape, home: Environment) -> Server:
    """Return a server of the file."""
    endpoint = Endpoint(
        name=name,
        host=shape.host,
        port=shape.port or PORTS[shape.dbms],
        user=shape.user,
        password=secret_of(shape.password) if shape.password else None,
        tls=shape.tls,
        tls_ca=shape.tls_ca,
        maintenance=shape.maintenance_database,
        auth_source=shape.auth_source,
        replica_set=shape.replica_set,
        documentdb=shape.documentdb,
    )
    disk = None if shape.disk is None else int(shape.disk)
    return Server(
        shape.dbms,
        endpoint,
        shape.machine,
        shape.max_parallel,
        disk,
        shape.push_from,
        repository_of(shape, home, endpoint),
        shape.scratch,
    )


def database(
    key: str, shape: DatabaseShape, defaults: DefaultsShape, home: Environment, on: Server
) -> Database:
    """Return a database of the file, in its environment and on its server."""
    return Database(
        key=key,
        environment=home,
        server=on,
        name=shape.name,
        path=shape.path,
        owner=shape.owner,
        grants=shape.grants,
        restore_jobs=shape.restore_jobs or defaults.restore_jobs or 2,
        row_counts=shape.row_counts or defaults.row_counts or "exact",
        keep_previous=_first(shape.keep_previous, defaults.keep_previous, otherwise=True),
        indices=shape.indices,
        keep_snapshots=shape.keep_snapshots,
        retention=_retention(shape.retention) if shape.retention else home.retention,
        max_shrink=_share(shape.max_shrink or defaults.max_shrink or _MAX_SHRINK),
        unlisted_push=options(BackupShape(), defaults, f"push {key} from {home.name}"),
    )


def drill(of: Database, shape: VerifyShape, defaults: DefaultsShape, scripts: Scripts) -> Drill:
    """Return a database's restore drill."""
    title = shape.title or f"verify {of.key} of {of.environment.name}"
    return Drill(
        of,
        scripts.named(shape.checks) if shape.checks else None,
        replace(_when(shape, defaults, title), temppath=defaults.temppath),
    )


def options(shape: BackupShape, defaults: DefaultsShape, title: str) -> Options:
    """Return what a step was told; `title` is its name where it has none of its own."""
    rows, tables = shape.exclude_table_data, shape.exclude_tables
    own = {"exclude_table_data": rows, "exclude_tables": tables}
    return replace(
        _when(shape, defaults, shape.title or title),
        temppath=shape.temppath or defaults.temppath,
        exclude_table_data=_first(rows, defaults.exclude_table_data, otherwise=()),
        exclude_tables=_first(tables, defaults.exclude_tables, otherwise=()),
        after=shape.after,
        own_lists=tuple(key for key, names in own.items() if names),
    )


def _when(shape: WhenShape, defaults: DefaultsShape, title: str) -> Options:
    return Options(
        title=title,
        ensure=shape.ensure or defaults.ensure or Ensure.PRESENT,
        schedule=_schedule(shape) or _schedule(defaults),
        deadline=shape.deadline or defaults.deadline,
    )


def bucket(key: str, shape: BucketShape, home: Environment) -> Bucket:
    """Return a bucket of the file, in its environment."""
    return Bucket(key, home, BucketPlace(bucket_of(shape), shape.prefix))


def bucket_sync(
    source: Bucket, target: Bucket, shape: BucketSyncShape, defaults: DefaultsShape
) -> BucketSync:
    """Return an edge between two buckets."""
    title = f"copy {target.key} into {target.environment.name}"
    return BucketSync(
        source=source,
        target=target,
        machine=shape.machine,
        sanitise=NeverSanitise(" ".join(shape.because.split())) if shape.because else None,
        options=_when(shape, defaults, shape.title or title),
        delete=shape.delete,
        max_delete=_share(shape.max_delete or _MAX_DELETE),
    )


def max_age(shape: SyncShape, defaults: DefaultsShape) -> timedelta:
    """Return how old an artefact may be for a sync."""
    return shape.max_age or defaults.max_age or _MAX_AGE


def rewrite(shape: SyncShape) -> tuple[Rewrite, ...]:
    """Return what a sync replaces in its copy."""
    return tuple(
        Rewrite(field, tuple(replacements.items()))
        for field, replacements in shape.rewrite.items()
        if replacements
    )


def after_promote(shape: SyncShape) -> tuple[tuple[str, ...], ...]:
    """Return the programs a sync runs once its copy is live."""
    return tuple(tuple(shlex.split(program)) for program in shape.after_promote)


def _retention(shape: RetentionShape) -> Retention:
    told = Retention(shape.keep_daily or 0, shape.keep_weekly or 0, shape.keep_monthly or 0)
    return replace(told, keep_younger=shape.keep_younger or told.keep_younger)


def _share(percent: str) -> Decimal:
    return Decimal(percent.removesuffix("%"))


def _first(*values: Value | None, otherwise: Value) -> Value:
    return next((value for value in values if value is not None), otherwise)


def _schedule(shape: WhenShape) -> Schedule | None:
    if shape.at is not None:
        hour, minute = map(int, shape.at.split(":"))
        return Schedule(f"{minute} {hour} * * *")
    return Schedule(shape.cron) if shape.cron is not None else None

"""Turns what is sound in a file into the values of the model, with defaults filled in."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import TypeVar

from envsync.columns import SUFFIX, Classification
from envsync.inventory.columns_file import ColumnsFile
from envsync.inventory.model import (
    Bucket,
    BucketSync,
    Database,
    Dbms,
    Drill,
    Ensure,
    Environment,
    Icinga,
    NeverSanitise,
    Options,
    RebootLock,
    Retention,
    Rewrite,
    Sanitise,
    Schedule,
    Script,
    Server,
)
from envsync.inventory.shape import (
    BackupShape,
    BucketSyncShape,
    DatabaseShape,
    DefaultsShape,
    EnvironmentShape,
    RetentionShape,
    SyncShape,
    VerifyShape,
    WhenShape,
)
from envsync.inventory.shape_places import (
    ArtefactsShape,
    BucketShape,
    FileShape,
    IcingaApiShape,
    KmsShape,
    NscaShape,
    RepositoryShape,
    RsyncShape,
    S3PlaceShape,
    S3Shape,
    SecretShape,
    ServerShape,
)
from envsync.places import (
    AgeKeys,
    BucketPlace,
    Encryption,
    Endpoint,
    FileStorage,
    IcingaApi,
    Nsca,
    RsyncDaemon,
    RsyncShell,
    RsyncStorage,
    S3Storage,
    Secret,
    SnapshotRepository,
    Storage,
    Transport,
)

NEVER = "never"
RSYNC_PORT = 873
CHECKS = ".checks.sql"
SUFFIXES = {Dbms.MONGO: ".mongo.yaml", Dbms.ELASTICSEARCH: ".elasticsearch.yaml"}
"""What the name of a sanitisation file ends with that is not SQL."""
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


@dataclass(frozen=True, slots=True)
class Scripts:
    """The sanitisation folder: where it is, the names of what is in it, what is decided in it."""

    folder: Path
    names: tuple[str, ...]
    columns: Mapping[str, ColumnsFile] = field(default_factory=dict)

    def named(self, name: str) -> Script:
        """Return the script an inventory names; whether it exists is another question."""
        tidy = str(PurePosixPath(name))
        return Script(tidy, self.folder / tidy)

    def beside(self, name: str) -> Script | None:
        """Return the checks that belong to a script by their name, if there are any."""
        path = PurePosixPath(name)
        checks = str(path.parent / f"{path.stem}{CHECKS}")
        return self.named(checks) if checks in self.names else None

    def decided(self, name: str) -> Classification | None:
        """Return what a file decides of columns; None where it is not there."""
        file = self.columns.get(name)
        return file.classification if file else None


def environment(shape: EnvironmentShape) -> Environment:
    """Return the environment a file is about."""
    lock = shape.reboot_lock
    return Environment(
        name=shape.environment,
        protected=shape.protected,
        storage=_storage(shape.storage),
        reboot_lock=RebootLock(lock.directory, lock.name) if lock else None,
        icinga=_icinga(shape.icinga) if shape.icinga else None,
        clients=shape.clients,
        clean_storage=_storage(shape.clean_storage) if shape.clean_storage else None,
        retention=_retention(shape.retention) if shape.retention else None,
    )


def server(name: str, shape: ServerShape, home: Environment) -> Server:
    """Return a server of the file."""
    endpoint = Endpoint(
        name=name,
        host=shape.host,
        port=shape.port or PORTS[shape.dbms],
        user=shape.user,
        password=_secret(shape.password) if shape.password else None,
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
        _repository(shape, home, endpoint),
        shape.scratch,
    )


def _repository(
    shape: ServerShape, home: Environment, endpoint: Endpoint
) -> SnapshotRepository | None:
    """Return where a search cluster keeps its snapshots: as it says, or as its environment does.

    Those of a scratch cluster are clean.
    """
    if shape.dbms is not Dbms.ELASTICSEARCH:
        return None
    storage = home.clean_storage if shape.scratch else home.storage
    usual = storage.repository if isinstance(storage, SnapshotRepository) else None
    name = shape.repository or usual
    return SnapshotRepository(name, endpoint) if name else None


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
    patterns = shape.exclude_table_data
    return replace(
        _when(shape, defaults, shape.title or title),
        temppath=shape.temppath or defaults.temppath,
        exclude_table_data=_first(patterns, defaults.exclude_table_data, otherwise=()),
        exclude_tables=_first(shape.exclude_tables, defaults.exclude_tables, otherwise=()),
        after=shape.after,
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
    return Bucket(key, home, BucketPlace(_s3(shape), shape.prefix))


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


def sanitise(shape: SyncShape, scripts: Scripts) -> Sanitise | NeverSanitise | None:
    """Return how a sync makes its copy safe to read, or why it need not."""
    if shape.sanitise is None:
        return None
    if shape.sanitise == NEVER:
        return NeverSanitise(" ".join((shape.because or "").split()))
    return Sanitise(scripts.named(shape.sanitise))


def checks(shape: SyncShape, scripts: Scripts) -> Script | None:
    """Return the checks a sync names, or else those that belong to its script."""
    if shape.checks is not None:
        return scripts.named(shape.checks)
    if shape.sanitise is None or shape.sanitise == NEVER:
        return None
    return scripts.beside(shape.sanitise)


def _retention(shape: RetentionShape) -> Retention:
    told = Retention(shape.keep_daily or 0, shape.keep_weekly or 0, shape.keep_monthly or 0)
    return replace(told, keep_younger=shape.keep_younger or told.keep_younger)


def _share(percent: str) -> Decimal:
    return Decimal(percent.removesuffix("%"))


def columns_name(shape: SyncShape) -> str | None:
    """Return the file of a sync that decides on columns, or that would if it were there."""
    if shape.columns is not None:
        return str(PurePosixPath(shape.columns))
    if shape.sanitise is None or shape.sanitise == NEVER:
        return None
    return columns_beside(shape.sanitise)


def columns_beside(script: str) -> str:
    """Return the name of the file that decides on columns for a script."""
    path = PurePosixPath(script)
    ending = next((each for each in SUFFIXES.values() if script.endswith(each)), path.suffix)
    return str(path.parent / f"{path.name.removesuffix(ending)}{SUFFIX}")


def _first(*values: Value | None, otherwise: Value) -> Value:
    return next((value for value in values if value is not None), otherwise)


def _schedule(shape: WhenShape) -> Schedule | None:
    if shape.at is not None:
        hour, minute = map(int, shape.at.split(":"))
        return Schedule(f"{minute} {hour} * * *")
    return Schedule(shape.cron) if shape.cron is not None else None


def _storage(shape: S3Shape | FileShape | RsyncShape | RepositoryShape) -> Storage:
    if isinstance(shape, RepositoryShape):
        return SnapshotRepository(shape.repository)
    return replace(_unencrypted(shape), age=_age_keys(shape))


def _unencrypted(shape: S3Shape | FileShape | RsyncShape) -> FileStorage | S3Storage | RsyncStorage:
    if isinstance(shape, FileShape):
        return FileStorage(shape.directory)
    return _rsync(shape) if isinstance(shape, RsyncShape) else _s3(shape)


def _age_keys(shape: ArtefactsShape) -> AgeKeys:
    identity = shape.decrypt_with
    return AgeKeys(shape.encrypt_to or (), _secret(identity) if identity else None)


def _s3(shape: S3PlaceShape) -> S3Storage:
    return S3Storage(
        bucket=shape.bucket,
        region=shape.region,
        endpoint_url=shape.endpoint_url,
        encryption=_encryption(shape.encryption) if shape.encryption else None,
        checksums=shape.checksums,
        profile=shape.profile,
        role_arn=shape.role_arn,
        external_id=shape.external_id,
        acl=shape.acl,
    )


def _rsync(shape: RsyncShape) -> FileStorage | RsyncStorage:
    """Return the place rsync would write to; without a host it needs no rsync to write there."""
    password = _secret(shape.password) if shape.password else None
    if shape.host is None:
        return FileStorage(shape.directory or "")
    if shape.module is not None:
        return RsyncDaemon(shape.host, shape.module, shape.port or RSYNC_PORT, shape.user, password)
    return RsyncShell(
        shape.host,
        shape.directory or "",
        shape.port,
        shape.user,
        shape.identity,
        shape.known_hosts,
    )


def _encryption(shape: str | KmsShape) -> Encryption:
    if isinstance(shape, KmsShape):
        return Encryption("aws:kms", shape.kms)
    return Encryption("AES256")


def _icinga(shape: NscaShape | IcingaApiShape) -> Icinga:
    transport: Transport
    if isinstance(shape, NscaShape):
        transport = Nsca(shape.host, shape.port, shape.config)
    else:
        transport = IcingaApi(shape.url, shape.user, _secret(shape.password), shape.tls_ca)
    return Icinga(transport, shape.service_prefix, shape.report_as)


def _secret(shape: SecretShape) -> Secret:
    if shape.env is not None:
        return Secret("env", shape.env)
    return Secret("file", shape.file or "")

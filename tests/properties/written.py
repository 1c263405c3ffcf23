"""Inventories told in YAML: the values' way back, written without a look at how they are read."""

import shlex
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from envsync.inventory.model import (
    Backup,
    Bucket,
    BucketSync,
    Database,
    Drill,
    Environment,
    Icinga,
    NeverSanitise,
    Options,
    Retention,
    Sanitise,
    Server,
    Sync,
)
from envsync.places import (
    Encryption,
    FileStorage,
    Nsca,
    RsyncDaemon,
    RsyncShell,
    S3Storage,
    Secret,
    SnapshotRepository,
    Storage,
)
from tests.properties.homes import Defaults
from tests.properties.inventories import Told

Tree = dict[str, Any]
_USUAL_AGE = timedelta(hours=36)


def written(told: Told) -> dict[str, Tree]:
    """Return the file of each environment, in the order of the inventory."""
    return {home.name: _file(home, told) for home in told.inventory.environments}


def _file(home: Environment, told: Told) -> Tree:
    known, defaults = told.inventory, told.defaults[home.name]
    databases = [each for each in known.databases if each.environment == home]
    drills = {each.database.key: each for each in known.drills if each.database.environment == home}
    servers = {each.server.name: each.server for each in databases}
    servers |= {each.scratch.name: each.scratch for each in databases if each.scratch}
    return _given(
        environment=home.name,
        protected=home.protected,
        storage=_storage(home.storage),
        clean_storage=home.clean_storage and _storage(home.clean_storage),
        reboot_lock=home.reboot_lock
        and {"directory": home.reboot_lock.directory, "name": home.reboot_lock.name},
        icinga=home.icinga and _icinga(home.icinga),
        retention=home.retention and _retention(home.retention),
        clients=list(home.clients) or None,
        defaults=_defaults(defaults) or None,
        servers={name: _server(server, home) for name, server in servers.items()} or None,
        databases={each.key: _database(each, drills.get(each.key), defaults) for each in databases}
        or None,
        syncs={
            each.target.key: _sync(each, defaults)
            for each in known.syncs
            if each.target.environment == home
        }
        or None,
        backups={
            each.database.key: _backup(each, defaults)
            for each in known.backups
            if each.database.environment == home
        }
        or None,
        buckets={each.key: _bucket(each) for each in known.buckets if each.environment == home}
        or None,
        bucket_syncs={
            each.target.key: _bucket_sync(each, defaults)
            for each in known.bucket_syncs
            if each.target.environment == home
        }
        or None,
    )


def _given(entries: Mapping[str, Any] | None = None, **more: Any) -> Tree:
    """Leave out what is None."""
    return {key: value for key, value in {**(entries or {}), **more}.items() if value is not None}


def _storage(storage: Storage) -> Tree:
    age = storage.age
    return _given(
        _unencrypted(storage),
        encrypt_to=list(age.encrypt_to) or None,
        decrypt_with=age.decrypt_with and _secret(age.decrypt_with),
    )


def _unencrypted(storage: Storage) -> Tree:
    """Tell of a folder in either of two ways, by its length."""
    match storage:
        case FileStorage(directory):
            backend = "rsync" if len(directory) % 2 else "file"
            return {"backend": backend, "directory": directory}
        case SnapshotRepository(repository):
            return {"backend": "elasticsearch", "repository": repository}
        case RsyncDaemon(host, module, port, user, password):
            secret = password and _secret(password)
            return _given(
                backend="rsync", host=host, module=module, port=port, user=user, password=secret
            )
        case RsyncShell(host, directory, port, user, identity, known_hosts):
            return _given(
                backend="rsync",
                host=host,
                directory=directory,
                port=port,
                user=user,
                identity=identity,
                known_hosts=known_hosts,
            )
        case S3Storage():
            return {"backend": "s3", **_s3(storage)}


def _s3(storage: S3Storage) -> Tree:
    return _given(
        bucket=storage.bucket,
        region=storage.region,
        endpoint_url=storage.endpoint_url,
        encryption=storage.encryption and _encryption(storage.encryption),
        checksums=storage.checksums,
        profile=storage.profile,
        role_arn=storage.role_arn,
        external_id=storage.external_id,
        acl=storage.acl,
    )


def _encryption(encryption: Encryption) -> str | Tree:
    return {"kms": encryption.key} if encryption.key else encryption.algorithm


def _secret(secret: Secret) -> Tree:
    return {secret.source: secret.name}


def _icinga(icinga: Icinga) -> Tree:
    told = _given(service_prefix=icinga.service_prefix, report_as=icinga.report_as)
    match icinga.transport:
        case Nsca(host, port, config):
            return {"transport": "nsca", "host": host, "port": port, "config": config, **told}
        case api:
            secret = _secret(api.password)
            tree = {"transport": "api", "url": api.url, "user": api.user, "password": secret}
            return _given(tree, tls_ca=api.tls_ca, **told)


def _server(server: Server, home: Environment) -> Tree:
    at = server.endpoint
    around = home.clean_storage if server.scratch else home.storage
    usual = around.repository if isinstance(around, SnapshotRepository) else None
    return _given(
        dbms=str(server.dbms),
        host=at.host,
        port=at.port,
        user=at.user,
        password=at.password and _secret(at.password),
        tls=at.tls,
        tls_ca=at.tls_ca,
        maintenance_database=at.maintenance,
        auth_source=at.auth_source,
        replica_set=at.replica_set,
        push_from=server.push_from,
        documentdb=at.documentdb,
        machine=server.machine,
        max_parallel=server.max_parallel,
        disk=server.disk_bytes,
        repository=_unless(server.repository and server.repository.repository, usual),
        scratch=server.scratch or None,
    )


def _database(database: Database, drill: Drill | None, defaults: Defaults) -> Tree:
    grants = database.grants
    return _given(
        server=database.server.name,
        name=database.name,
        path=database.path,
        owner=database.owner,
        grants=None if grants is None else {role: list(each) for role, each in grants.items()},
        restore_jobs=_unless(database.restore_jobs, defaults.restore_jobs or 2),
        row_counts=_unless(database.row_counts, defaults.row_counts or "exact"),
        keep_previous=_unless(database.keep_previous, defaults.keep_previous in {None, True}),
        max_shrink=_share(_unless(database.max_shrink, _usual_shrink(defaults))),
        indices=list(database.indices) or None,
        keep_snapshots=database.keep_snapshots,
        retention=_retention(_unless(database.retention, database.environment.retention)),
        verify=drill and _drill(drill, defaults),
    )


def _drill(drill: Drill, defaults: Defaults) -> Tree:
    title = f"verify {drill.database.key} of {drill.database.environment.name}"
    checks = drill.checks and drill.checks.name
    return _given(_when(drill.options, defaults, title), checks=checks)


def _retention(kept: Retention | None) -> Tree | None:
    if kept is None:
        return None
    return _given(
        keep_daily=kept.keep_daily or None,
        keep_weekly=kept.keep_weekly or None,
        keep_monthly=kept.keep_monthly or None,
        keep_younger=_duration(_unless(kept.keep_younger, timedelta(days=2))),
    )


def _unless(value: Any, usual: Any) -> Any:
    """Leave a value out where the file says it already."""
    return None if value == usual else value


def _usual_shrink(defaults: Defaults) -> Decimal:
    return Decimal(30) if defaults.max_shrink is None else defaults.max_shrink


def _share(share: Decimal | None) -> str | None:
    return None if share is None else f"{share}%"


def _defaults(defaults: Defaults) -> Tree:
    patterns = (defaults.exclude_table_data, defaults.exclude_tables)
    rows, tables = (None if each is None else list(each) for each in patterns)
    return _given(
        _time(defaults.schedule.cron if defaults.schedule else None),
        ensure=defaults.ensure and str(defaults.ensure),
        deadline=_duration(defaults.deadline),
        temppath=defaults.temppath,
        exclude_table_data=rows,
        exclude_tables=tables,
        max_age=_duration(defaults.max_age),
        restore_jobs=defaults.restore_jobs,
        row_counts=defaults.row_counts,
        keep_previous=defaults.keep_previous,
        max_shrink=_share(defaults.max_shrink),
    )


def _time(cron: str | None) -> Tree:
    """Tell a daily time as people do, any other as cron does."""
    if cron is None:
        return {}
    minute, hour, *rest = cron.split()
    if rest == ["*", "*", "*"] and (minute + hour).isdecimal():
        return {"at": f"{int(hour):02}:{int(minute):02}"}
    return {"cron": cron}


def _duration(duration: timedelta | None) -> str | None:
    if duration is None:
        return None
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((duration.days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)


def _when(options: Options, defaults: Defaults, title: str) -> Tree:
    schedule = _unless(options.schedule, defaults.schedule)
    return _given(
        _time(schedule and schedule.cron),
        title=_unless(options.title, title),
        ensure=_unless(str(options.ensure), str(defaults.ensure or "present")),
        deadline=_unless(_duration(options.deadline), _duration(defaults.deadline)),
    )


def _step(options: Options, defaults: Defaults, title: str) -> Tree:
    return _given(
        _when(options, defaults, title),
        temppath=_unless(options.temppath, defaults.temppath),
        **{
            key: _names(getattr(options, key), getattr(defaults, key), own=key in options.own_lists)
            for key in ("exclude_table_data", "exclude_tables")
        },
        after=list(options.after) or None,
    )


def _names(names: tuple[str, ...], usual: tuple[str, ...] | None, *, own: bool) -> list[str] | None:
    """Tell a step's own list even where its file says the same."""
    return list(names) if own else _unless(list(names), list(usual or ()))


def _sync(sync: Sync, defaults: Defaults) -> Tree:
    title = f"pull {sync.target.key} into {sync.target.environment.name}"
    return _given(
        {"from": sync.source.environment.name},
        database=_unless(sync.source.key, sync.target.key),
        **_sanitised(sync),
        coverage=sync.coverage and str(sync.coverage),
        sanitise_at=_unless(sync.sanitise_at, "target"),
        max_age=_duration(_unless(sync.max_age, defaults.max_age or _USUAL_AGE)),
        rewrite={each.field: dict(each.replacements) for each in sync.rewrite} or None,
        after_promote=[shlex.join(argv) for argv in sync.after_promote] or None,
        group=sync.group,
        **_step(sync.options, defaults, title),
    )


def _sanitised(sync: Sync) -> Tree:
    checks = sync.checks and sync.checks.name
    match sync.sanitise:
        case Sanitise(script):
            beside = script.name.replace(".sql", ".checks.sql")
            columns = f"{script.name.partition('.')[0]}.columns.yaml"
            return _given(
                sanitise=script.name,
                checks=_unless(checks, beside),
                columns=_unless(sync.columns_file, columns),
            )
        case NeverSanitise(because):
            return _given(sanitise="never", because=because, checks=checks)
        case None:
            return _given(checks=checks, columns=sync.columns_file)


def _backup(backup: Backup, defaults: Defaults) -> Tree:
    title = f"push {backup.database.key} from {backup.database.environment.name}"
    return _step(backup.options, defaults, title)


def _bucket(bucket: Bucket) -> Tree:
    return _given(_s3(bucket.place.storage), prefix=bucket.place.prefix or None)


def _bucket_sync(sync: BucketSync, defaults: Defaults) -> Tree:
    title = f"copy {sync.target.key} into {sync.target.environment.name}"
    return _given(
        {"from": sync.source.environment.name},
        bucket=_unless(sync.source.key, sync.target.key),
        machine=sync.machine,
        because=sync.sanitise and sync.sanitise.because,
        delete=sync.delete or None,
        max_delete=_share(sync.max_delete if sync.delete else None),
        **_when(sync.options, defaults, title),
    )

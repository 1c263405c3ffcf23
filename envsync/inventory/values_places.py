"""Turns what a file says of places into storages, monitoring and secrets, as the model has them."""

from dataclasses import replace

from envsync.inventory.model import Dbms, Environment, Icinga
from envsync.inventory.shape_base import SecretShape
from envsync.inventory.shape_places import IcingaApiShape, NscaShape, ServerShape
from envsync.inventory.shape_storages import (
    ArtefactsShape,
    FileShape,
    KmsShape,
    RepositoryShape,
    RsyncShape,
    S3PlaceShape,
    S3Shape,
)
from envsync.places import (
    AgeKeys,
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

RSYNC_PORT = 873


def storage_of(shape: S3Shape | FileShape | RsyncShape | RepositoryShape) -> Storage:
    """Return where artefacts lie."""
    if isinstance(shape, RepositoryShape):
        return SnapshotRepository(shape.repository)
    return replace(_unencrypted(shape), age=_age_keys(shape))


def _unencrypted(shape: S3Shape | FileShape | RsyncShape) -> FileStorage | S3Storage | RsyncStorage:
    if isinstance(shape, FileShape):
        return FileStorage(shape.directory)
    return _rsync(shape) if isinstance(shape, RsyncShape) else bucket_of(shape)


def _age_keys(shape: ArtefactsShape) -> AgeKeys:
    identity = shape.decrypt_with
    return AgeKeys(shape.encrypt_to or (), secret_of(identity) if identity else None)


def bucket_of(shape: S3PlaceShape) -> S3Storage:
    """Return a bucket, whatever lies in it."""
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
    password = secret_of(shape.password) if shape.password else None
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


def repository_of(
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


def icinga_of(shape: NscaShape | IcingaApiShape) -> Icinga:
    """Return where check results go."""
    transport: Transport
    if isinstance(shape, NscaShape):
        transport = Nsca(shape.host, shape.port, shape.config)
    else:
        transport = IcingaApi(shape.url, shape.user, secret_of(shape.password), shape.tls_ca)
    return Icinga(transport, shape.service_prefix, shape.report_as)


def secret_of(shape: SecretShape) -> Secret:
    """Return where a secret can be found."""
    if shape.env is not None:
        return Secret("env", shape.env)
    return Secret("file", shape.file or "")

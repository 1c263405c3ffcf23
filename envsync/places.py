"""Where things are: servers, storages, monitoring, and where their secrets can be found.

Leaf values, shared by the inventory above the waist and the commands below it.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

SecretSource = Literal["env", "file"]
TlsMode = Literal["disable", "require", "verify-ca", "verify-full"]
_DOCUMENTDB = (".docdb.amazonaws.com", ".docdb-elastic.amazonaws.com")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret can be found, never the secret itself."""

    source: SecretSource
    name: str

    def __str__(self) -> str:
        return f"{{{self.source}: {self.name}}}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A database server as a client reaches it; a host that starts with "/" is a socket folder.

    `maintenance` is PostgreSQL's; `auth_source`, `replica_set` and `documentdb` are MongoDB's.
    """

    name: str
    host: str
    port: int
    user: str | None = None
    password: Secret | None = None
    tls: TlsMode = "verify-full"
    tls_ca: str | None = None
    maintenance: str = "postgres"
    auth_source: str = "admin"
    replica_set: str | None = None
    documentdb: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_documentdb(self) -> bool:
        """Whether it is Amazon DocumentDB, which lacks some of MongoDB's commands."""
        return self.documentdb or self.host.endswith(_DOCUMENTDB)


@dataclass(frozen=True, slots=True)
class Encryption:
    """Server-side encryption of stored objects: AES256, or aws:kms with a key."""

    algorithm: Literal["AES256", "aws:kms"]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class AgeKeys:
    """Whom a storage's artefacts are encrypted to, with age, and where the key to read them is.

    Recipients are public keys; without any, artefacts are stored as they are.
    """

    encrypt_to: tuple[str, ...] = ()
    decrypt_with: Secret | None = None

    @property
    def can_be_read(self) -> bool:
        """Whether what is encrypted here can be read again from here."""
        return not self.encrypt_to or self.decrypt_with is not None


@dataclass(frozen=True, slots=True)
class S3Storage:
    """A bucket, and how this environment is known to it."""

    bucket: str
    region: str | None = None
    endpoint_url: str | None = None
    encryption: Encryption | None = None
    checksums: Literal["when_supported", "when_required"] = "when_supported"
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    acl: Literal["bucket-owner-full-control"] | None = None
    age: AgeKeys = AgeKeys()

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}"


@dataclass(frozen=True, slots=True)
class FileStorage:
    """A folder, usually a shared file system."""

    directory: str
    age: AgeKeys = AgeKeys()

    @property
    def url(self) -> str:
        return f"file://{self.directory}"


@dataclass(frozen=True, slots=True)
class RsyncDaemon:
    """A module of an rsync daemon, or a folder in it; artefacts pass through the spool folder.

    The spool folder is on the machine that runs envsync; None where TMPDIR says.
    """

    host: str
    module: str
    port: int = 873
    user: str | None = None
    password: Secret | None = None
    spool: str | None = None
    age: AgeKeys = AgeKeys()

    @property
    def url(self) -> str:
        return f"rsync://{self.host}:{self.port}/{self.module}"


@dataclass(frozen=True, slots=True)
class RsyncShell:
    """A folder that rsync reaches over SSH; artefacts pass through the spool folder.

    Identity and known hosts are files; None where ssh's own configuration says.
    """

    host: str
    directory: str
    port: int | None = None
    user: str | None = None
    identity: str | None = None
    known_hosts: str | None = None
    spool: str | None = None
    age: AgeKeys = AgeKeys()

    @property
    def url(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"rsync+ssh://{self.host}{port}{self.directory}"


@dataclass(frozen=True, slots=True)
class SnapshotRepository:
    """A repository of snapshots, by the name it has in every cluster that knows it.

    It is reached through a cluster, the source's to write and the target's to read; an inventory's
    environment names the repository alone. The cluster writes snapshots itself: no age keys.
    """

    age: ClassVar[AgeKeys] = AgeKeys()

    repository: str
    cluster: Endpoint | None = None

    @property
    def url(self) -> str:
        return f"elasticsearch://{self.repository}"


RsyncStorage = RsyncDaemon | RsyncShell
Storage = S3Storage | FileStorage | RsyncStorage | SnapshotRepository


def room(storage: Storage) -> str:
    """Say where an artefact for a storage needs its room on this machine, as far as it does."""
    if isinstance(storage, RsyncStorage):
        return f"{spool_text(storage)}, through which artefacts of {storage.url} pass"
    return storage.url


def spool_text(storage: RsyncStorage) -> str:
    """Name the folder in which a storage's artefacts are spooled."""
    return storage.spool or "the folder for temporary files (TMPDIR, else /tmp)"


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """The objects of a bucket whose keys begin with a prefix, which may be empty."""

    storage: S3Storage
    prefix: str = ""

    @property
    def url(self) -> str:
        return f"{self.storage.url}/{self.prefix}" if self.prefix else self.storage.url

    @property
    def identity(self) -> tuple[str, str]:
        """The bucket that is meant, whoever asks for it: its server and its name."""
        return (self.storage.endpoint_url or "").rstrip("/").lower(), self.storage.bucket

    def overlaps(self, other: "BucketPlace") -> bool:
        """Tell whether an object can be in both places."""
        nested = self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)
        return self.identity == other.identity and nested


@dataclass(frozen=True, slots=True)
class Nsca:
    """An NSCA daemon, reached through send_nsca; encryption and password are in its own file."""

    host: str
    port: int = 5667
    config: str = "/etc/send_nsca.cfg"

    @property
    def url(self) -> str:
        return f"nsca://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class IcingaApi:
    """The REST API of Icinga 2; its certificate is verified against tls_ca or the system's."""

    url: str
    user: str
    password: Secret
    tls_ca: str | None = None


Transport = Nsca | IcingaApi

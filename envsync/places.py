"""Where things are: servers, storages, monitoring, and where their secrets can be found.

Leaf values, shared by the inventory above the waist and the commands below it.
"""

from dataclasses import dataclass
from typing import Literal

SecretSource = Literal["env", "file"]
TlsMode = Literal["disable", "require", "verify-ca", "verify-full"]


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret can be found, never the secret itself."""

    source: SecretSource
    name: str

    def __str__(self) -> str:
        return f"{{{self.source}: {self.name}}}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A database server as a client reaches it; a host that starts with "/" is a socket folder."""

    name: str
    host: str
    port: int
    user: str | None = None
    password: Secret | None = None
    tls: TlsMode = "verify-full"
    tls_ca: str | None = None
    maintenance: str = "postgres"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Encryption:
    """Server-side encryption of stored objects: AES256, or aws:kms with a key."""

    algorithm: Literal["AES256", "aws:kms"]
    key: str | None = None


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

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}"


@dataclass(frozen=True, slots=True)
class FileStorage:
    """A folder, usually a shared file system."""

    directory: str

    @property
    def url(self) -> str:
        return f"file://{self.directory}"


Storage = S3Storage | FileStorage


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

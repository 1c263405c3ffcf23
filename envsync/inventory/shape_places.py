"""The shapes of places in an inventory: storages, servers, monitoring, and where secrets are."""

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from envsync.inventory.model import Dbms
from envsync.inventory.scalars import (
    FileName,
    Folder,
    Host,
    HttpsUrl,
    HttpUrl,
    InternetHost,
    Key,
    Name,
    Prefix,
    PublicKey,
    Repository,
    Size,
    StoragePath,
    Text,
    Title,
)
from envsync.places import TlsMode

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=64)]
Kept = Annotated[int, Field(ge=2, le=10_000)]


def _not_empty(keys: tuple[str, ...]) -> tuple[str, ...]:
    if not keys:
        raise ValueError("at least one public key, or no 'encrypt_to'")
    return keys


PublicKeys = Annotated[tuple[PublicKey, ...], Field(strict=False), AfterValidator(_not_empty)]


class Shape(BaseModel):
    """A mapping with known keys; text, numbers, true and false are never taken for one another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def mistake(key: str, refused: str, accepted: str) -> PydanticCustomError:
    """Make an error about one key of a mapping, with its own words."""
    words = {"key": key, "refused": refused, "accepted": accepted}
    return PydanticCustomError("mistake", "{refused}; accepted: {accepted}", words)


class SecretShape(Shape):
    """Where a secret can be found: an environment variable or a file, never the secret itself."""

    env: Text | None = Field(default=None, description="the environment variable that holds it")
    file: Folder | None = Field(default=None, description="the file that holds it, and only it")

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise mistake(
                "env",
                "'env' and 'file' are both given or both missing",
                "{env: NAME} or {file: PATH}",
            )
        return self


class KmsShape(Shape):
    """Encryption with a key of the key management service."""

    kms: Text = Field(description="the id or ARN of the key")


def _encryption_tag(value: object) -> str | None:
    if value == "AES256":
        return "name"
    return "kms" if isinstance(value, dict) else None


EncryptionShape = Annotated[
    Annotated[Literal["AES256"], Tag("name")] | Annotated[KmsShape, Tag("kms")],
    Discriminator(
        _encryption_tag,
        custom_error_type="encryption",
        custom_error_message="'AES256' or {kms: KEY-ID}",
    ),
]


class S3PlaceShape(Shape):
    """An S3 bucket, or one of an S3-compatible server, and who one is to it."""

    bucket: Text = Field(description="the name of the bucket")
    region: Text | None = Field(default=None, description="the region of the bucket")
    endpoint_url: HttpUrl | None = Field(
        default=None, description="the address of an S3-compatible server; absent: AWS"
    )
    encryption: EncryptionShape | None = Field(
        default=None, description="how the server encrypts objects: AES256 or {kms: KEY-ID}"
    )
    checksums: Literal["when_supported", "when_required"] = Field(
        default="when_supported",
        description="when_required for S3-compatible servers that do not know AWS's checksums",
    )
    profile: Text | None = Field(default=None, description="the AWS profile to act as")
    role_arn: Text | None = Field(default=None, description="the role to assume, across accounts")
    external_id: Text | None = Field(default=None, description="the external id the role asks for")
    acl: Literal["bucket-owner-full-control"] | None = Field(
        default=None,
        description="bucket-owner-full-control: what is written into another account's bucket "
        "belongs to that account; absent: no access list is sent",
    )


class ArtefactsShape(Shape):
    """A place of artefacts, which may be encrypted before they are stored."""

    encrypt_to: PublicKeys | None = Field(
        default=None,
        description="the public keys artefacts are encrypted to, with age; absent: not encrypted",
    )
    decrypt_with: SecretShape | None = Field(
        default=None,
        description="where the private key to read them is: {env: NAME} or {file: PATH}",
    )


class S3Shape(S3PlaceShape, ArtefactsShape):
    """A storage that is a bucket."""

    backend: Literal["s3"] = Field(description="the kind of storage")


class BucketShape(S3PlaceShape):
    """A bucket of this environment's applications, or the part of one below a prefix."""

    prefix: Prefix = Field(
        default="", description='what the keys begin with, such as "uploads/"; absent: all of them'
    )


class FileShape(ArtefactsShape):
    """A folder, usually on a shared file system."""

    backend: Literal["file"] = Field(description="the kind of storage")
    directory: Folder = Field(description="the folder artefacts lie in")


class RsyncShape(ArtefactsShape):
    """A module of an rsync daemon, a folder reached over SSH, or without a host a local folder."""

    backend: Literal["rsync"] = Field(description="the kind of storage")
    host: InternetHost | None = Field(
        default=None, description="the other machine; absent: a folder of this one"
    )
    module: StoragePath | None = Field(
        default=None, description="the module of an rsync daemon, or MODULE/FOLDER"
    )
    directory: Folder | None = Field(
        default=None, description="the folder, reached over SSH where there is a host"
    )
    port: Port | None = Field(default=None, description="the port; absent: 873, or as ssh says")
    user: Key | None = Field(default=None, description="the user there")
    password: SecretShape | None = Field(
        default=None, description="where the daemon's password is: {env: NAME} or {file: PATH}"
    )
    identity: Folder | None = Field(
        default=None, description="the file with the SSH key; absent: as ssh's configuration says"
    )
    known_hosts: Folder | None = Field(
        default=None, description="the file with SSH's known hosts; absent: as ssh says"
    )

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        if (self.module is None) == (self.directory is None):
            raise mistake(
                "module",
                "'module' and 'directory' are both given or both missing",
                "module: of an rsync daemon, or directory: over SSH or on this machine",
            )
        if self.module is not None and self.host is None:
            raise mistake("host", "the key 'host' is missing", "the host of the rsync daemon")
        ways = {
            "module": {"host", "port", "user", "password"},
            "directory": {"host", "port", "user", "identity", "known_hosts"},
        }
        way = "module" if self.module is not None else "directory"
        allowed = ways[way] if self.host is not None else set()
        given = self.model_fields_set - {"backend", way, *allowed, *ArtefactsShape.model_fields}
        for key in sorted(given):
            raise mistake(key, f"{key!r} means nothing here", f"{way}: {_with(allowed)}")
        if self.password is not None and self.user is None:
            raise mistake("user", "the key 'user' is missing", "whose password it is")
        return self


def _with(allowed: Collection[str]) -> str:
    return f"with {', '.join(sorted(allowed))}" if allowed else "alone, where there is no host:"


class RepositoryShape(Shape):
    """A repository of snapshots, which the search clusters know by its name."""

    backend: Literal["elasticsearch"] = Field(description="the kind of storage")
    repository: Repository = Field(description="the name of the repository, the same everywhere")

    @model_validator(mode="before")
    @classmethod
    def _encrypts_nothing(cls, value: object) -> object:
        given = value if isinstance(value, dict) else {}
        for key in ArtefactsShape.model_fields:
            if key in given:
                raise mistake(
                    key,
                    f"{key!r} means nothing here",
                    f"no {key!r}: the cluster writes snapshots by itself; encrypt the place where "
                    "the repository keeps them",
                )
        return value


StorageShape = Annotated[
    S3Shape | FileShape | RsyncShape | RepositoryShape, Field(discriminator="backend")
]


class RebootLockShape(Shape):
    """The file that exists while a step runs on a machine, and keeps it from rebooting."""

    directory: Folder = Field(description="the folder that is looked into before a reboot")
    name: FileName = Field(description="the name of the file")


class _IcingaShape(Shape):
    service_prefix: Title = Field(
        default="envsync", description="what every service's name starts with, before the title"
    )
    report_as: Text | None = Field(
        default=None, description="the host results are reported for; absent: the machine's name"
    )


class NscaShape(_IcingaShape):
    """Icinga, reached through send_nsca."""

    transport: Literal["nsca"] = Field(description="the way results travel")
    host: Host = Field(description="the host of the NSCA daemon")
    port: Port = Field(default=5667, description="the port of the NSCA daemon")
    config: Folder = Field(
        default="/etc/send_nsca.cfg", description="send_nsca's own file, with the password"
    )


class IcingaApiShape(_IcingaShape):
    """Icinga 2, reached through its REST API."""

    transport: Literal["api"] = Field(description="the way results travel")
    url: HttpsUrl = Field(description="the address of the API, such as https://icinga:5665")
    user: Text = Field(description="the API user")
    password: SecretShape = Field(description="where its password is: {env: NAME} or {file: PATH}")
    tls_ca: Folder | None = Field(
        default=None, description="the certificate authority's file; absent: the system's"
    )


IcingaShape = Annotated[NscaShape | IcingaApiShape, Field(discriminator="transport")]


class ServerShape(Shape):
    """A database server."""

    dbms: Annotated[Dbms, Field(strict=False)] = Field(description="the kind of server")
    host: Host = Field(description="the full host name, or the folder of a socket")
    port: Port | None = Field(
        default=None, description="the port it listens on; absent: the usual one of its kind"
    )
    user: Text | None = Field(default=None, description="the role to connect as")
    password: SecretShape | None = Field(
        default=None, description="where the password is: {env: NAME} or {file: PATH}"
    )
    tls: TlsMode = Field(default="verify-full", description="how far its certificate is checked")
    tls_ca: Folder | None = Field(
        default=None, description="the certificate authority's file; absent: the client's own way"
    )
    maintenance_database: Name = Field(
        default="postgres", description="the database to connect to while others are renamed"
    )
    auth_source: Name = Field(
        default="admin", description="mongo: the database in which the user is known"
    )
    replica_set: Text | None = Field(
        default=None,
        description="mongo: the replica set to look for the primary in; absent: this host alone",
    )
    push_from: Literal["primary", "secondary"] = Field(
        default="primary", description="mongo: which member of a replica set is pushed from"
    )
    documentdb: bool = Field(
        default=False,
        description="mongo: whether it is Amazon DocumentDB; detected where it can be",
    )
    machine: Key = Field(description="the machine that can reach it, where its steps run")
    max_parallel: Count = Field(default=1, description="how many steps it bears at once")
    disk: Size | None = Field(
        default=None, description='the size of its disk, such as "500GiB"; absent: not checked'
    )
    repository: Repository | None = Field(
        default=None,
        description="elasticsearch: the repository of snapshots; absent: that of the storage",
    )
    scratch: bool = Field(
        default=False,
        description="whether it is for restore drills and cleaning only, with no database on it",
    )

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        if self.repository is not None and self.dbms is not Dbms.ELASTICSEARCH:
            raise mistake(
                "repository",
                f"'repository' means nothing on a {self.dbms} server",
                "a repository of snapshots where 'dbms' is 'elasticsearch'",
            )
        return self

"""The shapes of storages and buckets in an inventory."""

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from envsync.inventory.scalars import (
    Folder,
    HttpUrl,
    InternetHost,
    Key,
    Prefix,
    PublicKey,
    Repository,
    StoragePath,
    Text,
)
from envsync.inventory.shape_base import Port, SecretShape, Shape, mistake


def _not_empty(keys: tuple[str, ...]) -> tuple[str, ...]:
    if not keys:
        raise ValueError("at least one public key, or no 'encrypt_to'")
    return keys


PublicKeys = Annotated[tuple[PublicKey, ...], Field(strict=False), AfterValidator(_not_empty)]


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

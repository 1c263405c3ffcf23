"""A client for the bucket an inventory names, with the credentials it says."""

import os
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError

from envsync.errors import RefusedError
from envsync.gateways.storage.s3_errors import sentence
from envsync.places import S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AWS = (".amazonaws.com", ".amazonaws.com.cn")
CONNECT_SECONDS = 10
READ_SECONDS = 60
ATTEMPTS = 6
CONNECTIONS = 16


@cache
def s3_client(storage: S3Storage) -> "S3Client":
    """Return the client for a storage; one serves all threads, and renews a role's credentials.

    Raises RefusedError for a profile, role or endpoint that cannot be.
    """
    try:
        return _session(storage).client(
            "s3", endpoint_url=storage.endpoint_url, config=_config(storage)
        )
    except (BotoCoreError, ValueError) as error:
        raise RefusedError(
            f"cannot use the storage {storage.url}: {sentence(error)}; "
            "correct its profile, role_arn, region or endpoint_url"
        ) from error


def asker(storage: S3Storage) -> str:
    """Say who envsync is to a bucket, as far as it knows; an access key's id is no secret."""
    if storage.role_arn:
        return f"the role {storage.role_arn!r}"
    credentials = boto3.Session(profile_name=storage.profile).get_credentials()
    key = f"the access key {credentials.access_key!r}" if credentials else "nobody"
    return f"{key} of the profile {storage.profile!r}" if storage.profile else key


def _config(storage: S3Storage) -> Config:
    # Objects are read by ranges, for which S3 has no checksum; some servers answer a range with
    # the checksum of the whole object. What is read is verified against the manifest's sha256.
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
        request_checksum_calculation=storage.checksums,
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if storage.endpoint_url else "auto"},
    )


def _session(storage: S3Storage) -> boto3.Session:
    own = boto3.Session(profile_name=storage.profile, region_name=storage.region)
    if storage.role_arn is None:
        return own
    core = botocore.session.Session(profile=storage.profile)
    role = _Role(own, storage, storage.role_arn)
    core.register_component("credential_provider", CredentialResolver(providers=[role]))
    return boto3.Session(botocore_session=core, region_name=own.region_name)


class _Role(CredentialProvider):
    """Credentials of a role in another account, assumed anew before they expire."""

    METHOD = "envsync-role"

    def __init__(self, own: boto3.Session, storage: S3Storage, arn: str) -> None:
        super().__init__()
        self._own = own
        self._storage = storage
        self._arn = arn

    def load(self) -> DeferredRefreshableCredentials:
        extra = {"RoleSessionName": "envsync"}
        if self._storage.external_id:
            extra["ExternalId"] = self._storage.external_id
        timeouts = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=partial(
                self._own.client, config=timeouts, endpoint_url=_sts_endpoint(self._storage)
            ),
            source_credentials=self._own.get_credentials(),
            role_arn=self._arn,
            extra_args=extra,
        )
        return DeferredRefreshableCredentials(
            method=self.METHOD, refresh_using=fetcher.fetch_credentials
        )


def _sts_endpoint(storage: S3Storage) -> str | None:
    """Return where roles are assumed: an S3-compatible server is asked itself, AWS its own STS.

    None leaves it to boto3, which knows AWS_ENDPOINT_URL_STS and the profile's own.
    """
    if storage.endpoint_url is None or "AWS_ENDPOINT_URL_STS" in os.environ:
        return None
    host = urlsplit(storage.endpoint_url).hostname or ""
    return None if host.endswith(_AWS) else storage.endpoint_url

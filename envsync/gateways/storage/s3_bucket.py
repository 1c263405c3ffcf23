"""A bucket: the few requests that everything else about S3 is made of."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError, ConnectionClosedError

from envsync.errors import CommandError
from envsync.gateways.storage.s3_client import asker
from envsync.gateways.storage.s3_errors import status, told
from envsync.places import S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        GetObjectOutputTypeDef,
        HeadObjectOutputTypeDef,
        ObjectTypeDef,
    )

_READING = "s3:ListBucket, s3:GetObject"
_WRITING = "s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload"
_LOCKING = "s3:GetObjectRetention, s3:GetObjectLegalHold"
MARK = "envsync-upload"
"""The metadata by which an upload knows its own object again."""


class Creation(Protocol):
    """A request that makes an object appear, given its condition."""

    def __call__(self, **condition: Any) -> object: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What an object was when it was looked at."""

    bytes: int
    etag: str
    modified: datetime
    mark: str | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket as its client reaches it."""

    client: "S3Client"
    storage: S3Storage

    @property
    def name(self) -> str:
        return self.storage.bucket

    def url(self, key: str) -> str:
        return f"{self.storage.url}/{key}"

    def properties(self, mark: str) -> dict[str, Any]:
        """Return what every object is created with: what protects it, and whose upload it is."""
        return {"Metadata": {MARK: mark}, **self.protection()}

    def protection(self) -> dict[str, Any]:
        """Return what protects every object that is written here: encryption and access."""
        protection: dict[str, Any] = {}
        if self.storage.acl:
            protection["ACL"] = self.storage.acl
        if encryption := self.storage.encryption:
            protection["ServerSideEncryption"] = encryption.algorithm
            if encryption.key:
                protection["SSEKMSKeyId"] = encryption.key
        return protection

    def reading(self, what: str) -> AbstractContextManager[None]:
        """Tell what a request raises that only reads."""
        return told(what, partial(self._needed, _READING))

    def writing(self, what: str) -> AbstractContextManager[None]:
        """Tell what a request raises that writes."""
        return told(what, partial(self._needed, f"{_READING}, {_WRITING}"))

    def locking(self, what: str) -> AbstractContextManager[None]:
        """Tell what a request raises that asks for locks."""
        return told(what, partial(self._needed, f"{_READING}, {_LOCKING}"))

    def _needed(self, rights: str) -> str:
        return (
            f"{asker(self.storage)} needs {rights} on {self.name!r} and all in it: where that is "
            "another account's, by the bucket's policy as well as by its own"
        )

    def find(self, key: str) -> Found | None:
        """Look at an object; None if it is not there."""
        try:
            answer = self.client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if status(error) == HTTPStatus.NOT_FOUND:
                return None
            raise
        if not is_whole(answer):
            raise ConnectionClosedError(endpoint_url=self.url(key))
        return _found(answer)

    def objects(self, prefix: str) -> Iterator["ObjectTypeDef"]:
        """Yield every object under a prefix, page after page."""
        pages = self.client.get_paginator("list_objects_v2")
        with self.reading(f"list {self.url(prefix)}"):
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                yield from page.get("Contents", ())

    def delete(self, key: str) -> None:
        with self.writing(f"delete {self.url(key)}"):
            self.client.delete_object(Bucket=self.name, Key=key)

    def refuse_existing(self, key: str) -> None:
        """Raise CommandError if there is an object already, as far as one may look."""
        with self.writing(f"write {self.url(key)}"):
            if self._find_if_allowed(key):
                raise self.exists(key)

    def create(self, key: str, mark: str, creation: Creation) -> None:
        """Make an object appear unless one is there; safe against an answer lost on the way."""
        try:
            creation(IfNoneMatch="*")
        except ClientError as error:
            if _is_unimplemented(error):
                creation()
            elif not self._is_mine(key, mark, error):
                raise

    def _find_if_allowed(self, key: str) -> Found | None:
        try:
            return self.find(key)
        except ClientError as error:
            # Without the right to list, S3 answers 403 for an object that is not there.
            if status(error) == HTTPStatus.FORBIDDEN:
                return None
            raise

    def _is_mine(self, key: str, mark: str, error: ClientError) -> bool:
        """Tell whether a creation failed only because an earlier try of it had succeeded."""
        if status(error) not in (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.NOT_FOUND):
            return False
        found = self.find(key)
        if found and found.mark == mark:
            return True
        if found and status(error) == HTTPStatus.PRECONDITION_FAILED:
            raise self.exists(key) from error
        return False

    def exists(self, key: str) -> CommandError:
        return CommandError(
            f"cannot write {self.url(key)}: there is an object already, and none is overwritten; "
            "delete it or write under another key"
        )


def is_whole(answer: "HeadObjectOutputTypeDef | GetObjectOutputTypeDef") -> bool:
    """Tell whether an answer's headers came; the client takes those before a cut for all."""
    return {"ContentLength", "ETag", "LastModified"} <= answer.keys()


def _is_unimplemented(error: ClientError) -> bool:
    code = error.response.get("Error", {}).get("Code")
    return code == "NotImplemented" or status(error) == HTTPStatus.NOT_IMPLEMENTED


def _found(answer: "HeadObjectOutputTypeDef") -> Found:
    # Some servers change the case of the names of metadata.
    metadata = {name.lower(): value for name, value in answer["Metadata"].items()}
    return Found(
        answer["ContentLength"], answer["ETag"], answer["LastModified"], metadata.get(MARK)
    )

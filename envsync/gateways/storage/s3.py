"""A bucket as a store."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.facts.shelf import Protection
from envsync.gateways.scope import Scope
from envsync.gateways.storage.limits import Limits, part_bytes
from envsync.gateways.storage.s3_bucket import Bucket
from envsync.gateways.storage.s3_client import s3_client
from envsync.gateways.storage.s3_download import downloading
from envsync.gateways.storage.s3_lock import protection
from envsync.gateways.storage.s3_multipart import Multipart
from envsync.gateways.storage.s3_segments import segment
from envsync.gateways.storage.s3_sweep import PROBE, clear_up, swept
from envsync.gateways.storage.s3_upload import uploading
from envsync.gateways.storage.store import SMALL_OBJECT_BYTES, StoredObject, Writer, gather
from envsync.places import S3Storage


class S3Store:
    """Objects in a bucket of Amazon S3 or of a server that speaks its protocol."""

    def __init__(self, storage: S3Storage, limits: Limits | None = None) -> None:
        self._storage = storage
        self._limits = limits or Limits()
        self._bucket = Bucket(s3_client(storage), storage)

    @property
    def url(self) -> str:
        return self._storage.url

    def part_bytes(self, expected_bytes: int) -> int:
        return part_bytes(expected_bytes, self._limits)

    def writer(self, key: str, part_bytes: int, scope: Scope) -> AbstractContextManager[Writer]:
        return uploading(self._bucket, key, part_bytes, self._limits, scope)

    def read(self, key: str, scope: Scope) -> AbstractContextManager[Iterator[bytes]]:
        return downloading(self._bucket, key, self._limits, scope)

    def keys(self, prefix: str) -> Iterator[StoredObject]:
        for found in self._bucket.objects(prefix):
            if segment(found["Key"]) is None:
                yield StoredObject(found["Key"], found["Size"], found["LastModified"])

    def put(self, key: str, body: bytes) -> None:
        mark = uuid4().hex
        creation = partial(
            self._bucket.client.put_object,
            Bucket=self._bucket.name,
            Key=key,
            Body=body,
            **self._bucket.properties(mark),
        )
        self._bucket.refuse_existing(key)
        with self._bucket.writing(f"write {self._bucket.url(key)}"):
            self._bucket.create(key, mark, creation)

    def get(self, key: str, limit: int = SMALL_OBJECT_BYTES) -> bytes:
        with self.read(key, Scope()) as chunks:
            return gather(chunks, key, limit)

    def delete(self, key: str) -> None:
        self._bucket.delete(key)

    def protection(self, key: str) -> Protection:
        return protection(self._bucket, key)

    def free_bytes(self) -> int | None:
        return None

    def verify_room(self, size: int) -> None:
        """Nothing is in the way: what is read goes straight to the reader."""

    def verify_writable(self, folder: str = "") -> None:
        below = f"{folder}/" if folder else ""
        try:
            Multipart(self._bucket, f"{below}{PROBE}{uuid4().hex}").abort()
        except UnavailableError:
            raise
        except CommandError as error:
            raise RefusedError(
                f"the storage {self.url} cannot be written below {below!r}: {error}; "
                "name a bucket that exists and that these credentials may write"
            ) from error

    def sweep(self, prefix: str, older_than: timedelta) -> tuple[str, ...]:
        return tuple(swept(self._bucket, prefix, datetime.now(UTC) - older_than))

    def clear_up(self, key: str) -> None:
        clear_up(self._bucket, key)

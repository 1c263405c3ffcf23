"""A multipart upload: parts at once and in any order; the object appears when it is completed."""

from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from envsync.errors import CommandError
from envsync.gateways.storage.limits import Span
from envsync.gateways.storage.s3_bucket import Bucket

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef


class Multipart:
    """An upload that has begun; safe to use from several threads."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self.key = key
        self._bucket = bucket
        self._mark = uuid4().hex
        self._numbers = count(1)
        self._done: dict[int, CompletedPartTypeDef] = {}
        self._completing = False
        # Parts carry checksums only if the upload was begun with their algorithm.
        checked = bucket.storage.checksums == "when_supported"
        checksum: dict[str, Any] = {"ChecksumAlgorithm": "CRC32"} if checked else {}
        with bucket.writing(f"write {bucket.url(key)}"):
            self.id = bucket.client.create_multipart_upload(
                Bucket=bucket.name, Key=key, **checksum, **bucket.properties(self._mark)
            )["UploadId"]

    def reserve(self) -> int:
        """Return the number of the next part; parts are put together in this order."""
        return next(self._numbers)

    def upload(self, number: int, body: bytes) -> None:
        """Upload a part, with the client's retries."""
        with self._bucket.writing(f"write {self._bucket.url(self.key)}"):
            answer = self._bucket.client.upload_part(
                Bucket=self._bucket.name,
                Key=self.key,
                UploadId=self.id,
                PartNumber=number,
                Body=body,
            )
        self._done[number] = _part(number, answer)

    def copy(self, number: int, source: str, span: Span) -> None:
        """Have the server copy a range of another object as a part."""
        with self._bucket.writing(f"compose {self._bucket.url(self.key)}"):
            answer = self._bucket.client.upload_part_copy(
                Bucket=self._bucket.name,
                Key=self.key,
                UploadId=self.id,
                PartNumber=number,
                CopySource={"Bucket": self._bucket.name, "Key": source},
                CopySourceRange=str(span),
            )["CopyPartResult"]
        if "ETag" not in answer:
            raise CommandError(
                f"cannot compose {self._bucket.url(self.key)}: the server does not know "
                "UploadPartCopy, which an object of this size needs; use one that does"
            )
        self._done[number] = _part(number, answer)

    def complete(self) -> None:
        """Make the object appear, unless there is one under its key."""
        self._completing = True
        parts = [self._done[number] for number in sorted(self._done)]
        creation = partial(
            self._bucket.client.complete_multipart_upload,
            Bucket=self._bucket.name,
            Key=self.key,
            UploadId=self.id,
            MultipartUpload={"Parts": parts},
        )
        with self._bucket.writing(f"write {self._bucket.url(self.key)}"):
            self._bucket.create(self.key, self._mark, creation)

    def abort(self) -> None:
        """Remove the parts; also the object, where it appeared though nobody waited for it."""
        with self._bucket.writing(f"abort the upload of {self._bucket.url(self.key)}"):
            try:
                self._bucket.client.abort_multipart_upload(
                    Bucket=self._bucket.name, Key=self.key, UploadId=self.id
                )
            except self._bucket.client.exceptions.NoSuchUpload:
                self._remove_completed()

    def _remove_completed(self) -> None:
        if not self._completing:
            return
        found = self._bucket.find(self.key)
        if found and found.mark == self._mark:
            self._bucket.delete(self.key)


def _part(number: int, answer: Mapping[str, Any]) -> "CompletedPartTypeDef":
    part: CompletedPartTypeDef = {"PartNumber": number, "ETag": answer["ETag"]}
    if "ChecksumCRC32" in answer:
        part["ChecksumCRC32"] = answer["ChecksumCRC32"]
    return part

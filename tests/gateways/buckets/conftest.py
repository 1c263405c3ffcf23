"""Two buckets on a real server, compared and copied in the test's own process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from envsync.gateways.buckets.sides import Sides, sides
from envsync.places import BucketPlace
from tests.servers.s3 import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Two:
    """A source and a target; `at` reaches them another way."""

    server: S3Server
    source: str
    target: str
    client: "S3Client"

    @property
    def sides(self) -> Sides:
        return self.at(self.server.port)

    def at(self, port: int, source_prefix: str = "") -> Sides:
        server = self.server.at(port)
        return sides(
            BucketPlace(server.storage(self.source), source_prefix),
            BucketPlace(server.storage(self.target)),
        )

    def put(self, bucket: str, objects: Mapping[str, str]) -> None:
        for key, body in objects.items():
            self.client.put_object(Bucket=bucket, Key=key, Body=body.encode())

    def keys(self, bucket: str) -> list[str]:
        found = self.client.list_objects_v2(Bucket=bucket).get("Contents", ())
        return [each["Key"] for each in found]


@pytest.fixture
def two(moto_server: S3Server, aws_environment: Mapping[str, str]) -> Two:
    client = moto_server.client()
    return Two(moto_server, moto_server.make_bucket(), moto_server.make_bucket(), client)

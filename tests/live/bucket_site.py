"""A site of buckets: three environments on a real S3 server, and envsync on top of them."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.live import program
from tests.live.program import Ran
from tests.servers.s3 import REGION, S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ENVIRONMENTS = ("production", "staging", "integration")


@dataclass(slots=True)
class BucketSite:
    """Each environment has a bucket `assets`; production's comes into the other two."""

    folder: Path
    server: S3Server
    buckets: dict[str, str]
    client: "S3Client"
    environment: dict[str, str]
    top: dict[str, Any] = field(default_factory=dict)

    def write(self, **edges: Mapping[str, Any]) -> None:
        """Write the inventories with an edge into each environment that is named."""
        (self.folder / "inventories").mkdir(exist_ok=True)
        for name in ENVIRONMENTS:
            (self.folder / "artefacts" / name).mkdir(parents=True, exist_ok=True)
            edge = {"machine": "admin", "because": "they are public", **edges.get(name, {})}
            text = {
                "environment": name,
                "protected": name == "production",
                "storage": {"backend": "file", "directory": str(self.folder / "artefacts" / name)},
                "buckets": {"assets": self.place(name)},
                **({"bucket_syncs": {"assets": edge}} if name in edges else {}),
                **self.top,
            }
            file = self.folder / "inventories" / f"{name}.yaml"
            file.write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True))

    def place(self, name: str) -> dict[str, Any]:
        return {
            "bucket": self.buckets[name],
            "region": REGION,
            "endpoint_url": self.server.endpoint_url,
        }

    def put(self, environment: str, **objects: str) -> None:
        """Put objects into an environment's bucket, keyed by their names."""
        self.put_keys(environment, objects)

    def put_keys(self, environment: str, objects: Mapping[str, str]) -> None:
        for key, body in objects.items():
            self.client.put_object(Bucket=self.buckets[environment], Key=key, Body=body.encode())

    def objects(self, environment: str) -> dict[str, str]:
        """Return all objects of an environment's bucket, as text."""
        name = self.buckets[environment]
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=name)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        return {
            key: self.client.get_object(Bucket=name, Key=key)["Body"].read().decode()
            for key in keys
        }

    def run(self, *arguments: str) -> Ran:
        """Run the program to its end."""
        return program.run(self.folder, self.environment, *arguments)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the program and leave it running."""
        return program.start(self.folder, self.environment, *arguments)


def make_bucket_site(folder: Path, server: S3Server) -> BucketSite:
    """Make a site with three new buckets, and edges production → staging, production → integration."""
    site = BucketSite(
        folder,
        server,
        {name: server.make_bucket() for name in ENVIRONMENTS},
        server.client(),
        {
            **server.environment,
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ENVSYNC_INVENTORY": str(folder / "inventories"),
            "ENVSYNC_STATE": str(folder / "state"),
        },
    )
    site.write(integration={"from": "production"})
    return site

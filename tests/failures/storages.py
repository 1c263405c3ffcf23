"""What lies in storages and is no whole artefact."""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl

from envsync.artefacts import MANIFEST_SUFFIX, ArtefactKey
from tests.gateways.storage.places import leftovers
from tests.servers.s3 import REGION, S3Server

_REQUEST = re.compile(r"(GET|HEAD|PUT|POST|DELETE) /([^?]*)\??(.*)")


def request_in_general(question: str) -> str | None:
    """Return a request without the names in it; None for a question of another kind."""
    match = _REQUEST.fullmatch(question)
    if match is None:
        return None
    method, key, query = match.groups()
    folder, _, name = key.rpartition("/")
    kind = "the bucket"
    if folder:
        kind = "a manifest" if name.endswith(MANIFEST_SUFFIX) else "an artefact"
        kind = kind if name[:2] == "20" else "a probe"
    options = sorted(name for name, _ in parse_qsl(query, keep_blank_values=True))
    return " ".join((method, kind, *options))


def new_bucket(server: S3Server, reached: S3Server) -> dict[str, str]:
    """Return a storage that is a new bucket, reached in another way than by the tests."""
    storage = {"backend": "s3", "bucket": server.make_bucket(), "region": REGION}
    return {**storage, "endpoint_url": reached.endpoint_url}


def halves(server: S3Server | None, bucket: str, folder: Path) -> list[str]:
    """Return what is no whole artefact in a bucket; without its server, in a folder's storages."""
    return half_objects(server, bucket) if server else half_files(folder / "artefacts")


def half_files(root: Path) -> list[str]:
    """Return the files below a folder that are neither an artefact with its manifest nor that."""
    return _halves(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def half_objects(server: S3Server, bucket: str) -> list[str]:
    """Return a bucket's unfinished uploads, and its objects without their other half."""
    objects = server.client().list_objects_v2(Bucket=bucket).get("Contents", [])
    return [*leftovers(server, bucket), *_halves(found["Key"] for found in objects)]


def _halves(names: Iterable[str]) -> list[str]:
    there = set(names)
    wanted = {name for name in there if ArtefactKey.parse(name)}
    whole = {name for name in wanted if f"{name}{MANIFEST_SUFFIX}" in there}
    return sorted(there - whole - {f"{name}{MANIFEST_SUFFIX}" for name in whole})

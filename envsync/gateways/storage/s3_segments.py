"""The names of segments, so that those of a killed run are known again."""

import hashlib
import re
from typing import NamedTuple

_SEGMENT = re.compile(r"(?P<key>.+)\.segment-(?P<upload>[0-9a-f]{16})-\d{4,}", re.DOTALL)


class Segment(NamedTuple):
    """Of which object's upload a segment is a piece."""

    key: str
    upload: str


def segment_key(key: str, upload_id: str, number: int) -> str:
    """Name a segment after the upload it will be copied into."""
    return f"{key}.segment-{fingerprint(upload_id)}-{number:04}"


def segment(key: str) -> Segment | None:
    """Read a segment's name back; None for any other key."""
    match = _SEGMENT.fullmatch(key)
    return Segment(match["key"], match["upload"]) if match else None


def fingerprint(upload_id: str) -> str:
    """Shorten an upload's identifier, which may be longer than a key can be."""
    return hashlib.sha256(upload_id.encode()).hexdigest()[:16]

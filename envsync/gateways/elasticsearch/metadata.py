"""The manifest of a snapshot, in the metadata that the cluster keeps with it.

A cluster takes 1,024 bytes of metadata, and only before the snapshot is made: what people look for
is there in plain words, the rest compressed. Rows go by the place of their index in the snapshot.
"""

import base64
import binascii
import json
import zlib
from typing import Any

from pydantic import ValidationError

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.errors import RefusedError

LIMIT = 1000
"""Bytes of JSON that surely fit in the 1,024 the cluster counts in its own way."""
_PLAIN = ("environment", "database", "name", "stamp")
_ELSEWHERE = {*_PLAIN, "rows", "aliases", "bytes_uncompressed", "database_bytes"}


def metadata(path: str, manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as metadata; raises RefusedError where it does not fit."""
    indices = sorted(manifest.rows)
    rest = {
        **manifest.model_dump(mode="json", exclude_defaults=True, exclude=_ELSEWHERE),
        "rows": [manifest.rows[index] for index in indices],
        "aliases": [manifest.aliases.get(index, {}) for index in indices],
    }
    text = json.dumps(rest, separators=(",", ":"), ensure_ascii=False).encode()
    plain = {name: getattr(manifest, name) for name in _PLAIN}
    packed = base64.b85encode(zlib.compress(text, 9)).decode()
    described = {**plain, "path": path, "manifest": packed}
    size = len(json.dumps(described, ensure_ascii=False).encode())
    if size > LIMIT:
        raise RefusedError(
            f"the {len(indices)} indices of {manifest.database} and their aliases need {size} "
            f"bytes of a snapshot's metadata, and a cluster takes {LIMIT}; accepted: fewer of them "
            "in indices:, the others as a second database"
        )
    return {"envsync": described}


def manifest_of(snapshot: dict[str, Any]) -> tuple[ArtefactKey, Manifest] | None:
    """Return what a snapshot is, if envsync took it."""
    described = (snapshot.get("metadata") or {}).get("envsync")
    if not isinstance(described, dict):
        return None
    indices = sorted(snapshot.get("indices", ()))
    try:
        rest = json.loads(zlib.decompress(base64.b85decode(described["manifest"])))
        size = rest.get("bytes", 0)
        manifest = Manifest(
            **{name: described[name] for name in _PLAIN},
            **{key: value for key, value in rest.items() if key not in {"rows", "aliases"}},
            rows=dict(zip(indices, rest["rows"], strict=True)),
            aliases=dict(zip(indices, rest["aliases"], strict=True)),
            bytes_uncompressed=size,
            database_bytes=size,
        )
        stamp = Stamp.parse(manifest.stamp)
        return ArtefactKey(described["path"], stamp, manifest.name, manifest.format), manifest
    except (
        *(AttributeError, KeyError, TypeError, ValueError, RecursionError),
        *(ValidationError, binascii.Error, zlib.error),
    ):
        return None

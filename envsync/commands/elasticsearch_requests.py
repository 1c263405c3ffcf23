"""How a search cluster is written to: requests, as they are sent and as they are shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from envsync.commands import Location
from envsync.places import Endpoint, SnapshotRepository


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a cluster, as it is sent and as it is shown."""

    method: str
    path: str
    body: Mapping[str, Any] | None = field(default=None, hash=False)

    def line(self, endpoint: Endpoint) -> str:
        """Return the request as a dry run shows it."""
        body = f" {as_json(self.body)}" if self.body is not None else ""
        return f"{self.method} {address(endpoint)}{self.path}{body}"


def as_json(value: object) -> str:
    """Return a value as JSON on one line, the same for the same value."""
    return json.dumps(value, ensure_ascii=False)


def address(endpoint: Endpoint) -> str:
    """Return where a cluster is spoken to."""
    return f"{'http' if endpoint.tls == 'disable' else 'https'}://{endpoint}"


def path(*parts: str) -> str:
    """Return a path with every part quoted."""
    return "".join(f"/{quote(part, safe='-_.~@*')}" for part in parts)


def repository(location: Location) -> str:
    """Return the repository an artefact lies in."""
    storage = location.storage
    if not isinstance(storage, SnapshotRepository):
        raise TypeError(f"no repository of snapshots: {storage!r}")
    return storage.repository

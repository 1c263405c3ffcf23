"""A repository of snapshots, read as the storage of artefacts that it is.

Snapshots are written by the cluster alone: what would write here is a bug and raises.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, NoReturn

from envsync.artefacts import MANIFEST_SUFFIX, ArtefactKey, Manifest
from envsync.commands.elasticsearch_requests import path
from envsync.errors import CommandError, RefusedError
from envsync.facts.shelf import UNPROTECTED, Protection
from envsync.gateways.elasticsearch.cluster import AnswerError, Cluster, connect, missing
from envsync.gateways.elasticsearch.metadata import manifest_of
from envsync.gateways.scope import Scope
from envsync.gateways.storage.store import SMALL_OBJECT_BYTES, StoredObject, Writer
from envsync.places import SnapshotRepository

SUCCESS = "SUCCESS"


class SnapshotStore:
    """The snapshots of a repository: one that is whole has an artefact's two keys."""

    def __init__(self, storage: SnapshotRepository, cluster: Cluster | None = None) -> None:
        self._storage = storage
        self._cluster = cluster
        self._known: dict[str, tuple[ArtefactKey, Manifest]] | None = None

    @property
    def url(self) -> str:
        return self._storage.url

    def keys(self, prefix: str) -> Iterator[StoredObject]:
        """Yield what is whole, and its manifest; the size is that of the indices taken."""
        for text, (_, manifest) in sorted(self._artefacts().items()):
            if text.startswith(prefix):
                yield StoredObject(text, manifest.bytes)
                yield StoredObject(f"{text}{MANIFEST_SUFFIX}", 0)

    def get(self, key: str, limit: int = SMALL_OBJECT_BYTES) -> bytes:
        """Return a manifest."""
        found = self._artefacts().get(key.removesuffix(MANIFEST_SUFFIX))
        if found is None or not key.endswith(MANIFEST_SUFFIX):
            raise CommandError(f"there is no {key!r} in {self.url}")
        text = found[1].write().encode()
        if len(text) > limit:
            raise CommandError(f"{key!r} is larger than the {limit} bytes that are read at once")
        return text

    def protection(self, key: str) -> Protection:
        """Tell nothing: the cluster refuses by itself what it is at."""
        del key
        return UNPROTECTED

    def free_bytes(self) -> int | None:
        """Tell nothing: a cluster does not know the room in its repository."""
        return None

    def verify_room(self, size: int) -> None:
        """Refuse nothing: a snapshot does not pass through this machine."""

    def part_bytes(self, expected_bytes: int) -> int:
        return expected_bytes

    def writer(self, key: str, part_bytes: int, scope: Scope) -> AbstractContextManager[Writer]:
        self._never(key, part_bytes, scope)

    def read(self, key: str, scope: Scope) -> AbstractContextManager[Iterator[bytes]]:
        self._never(key, scope)

    def put(self, key: str, body: bytes) -> None:
        self._never(key, body)

    def delete(self, key: str) -> None:
        self._never(key)

    def verify_writable(self, folder: str = "") -> None:
        self._never(folder)

    def sweep(self, prefix: str, older_than: timedelta) -> tuple[str, ...]:
        self._never(prefix, older_than)

    def clear_up(self, key: str) -> None:
        self._never(key)

    def _never(self, *unused: object) -> NoReturn:
        raise TypeError(f"only a cluster writes to {self.url} and reads it: {unused!r}")

    def _artefacts(self) -> dict[str, tuple[ArtefactKey, Manifest]]:
        if self._known is None:
            whole = (each for each in self._snapshots() if each.get("state") == SUCCESS)
            found = [described for each in whole if (described := manifest_of(each))]
            self._known = {str(key): (key, manifest) for key, manifest in found}
        return self._known

    def _snapshots(self) -> list[dict[str, Any]]:
        if self._cluster is None:
            if self._storage.cluster is None:
                raise RefusedError(f"{self.url} is reached through a cluster, and none is named")
            self._cluster = connect(self._storage.cluster, Scope())
        return snapshots(self._cluster, self._storage.repository, "envsync-*")


def snapshots(cluster: Cluster, repository: str, name: str) -> list[dict[str, Any]]:
    """Return the snapshots that a name or a pattern means; none where there is no such one."""
    try:
        found = cluster.look(path("_snapshot", repository, name))
    except AnswerError as error:
        if missing(error) and "snapshot" in error.kind:
            return []
        raise
    return [dict(each) for each in found["snapshots"]]

"""What can be done to the snapshots of a search cluster, which are its artefacts."""

from collections.abc import Iterator
from dataclasses import dataclass

from envsync.artefacts import Manifest
from envsync.commands import Location, Published
from envsync.commands.elasticsearch import CLAIMS, ElasticsearchCommand
from envsync.commands.elasticsearch_requests import Call, path, repository
from envsync.facts.elasticsearch import snapshot_name
from envsync.places import Endpoint
from envsync.shrinking import Floor


@dataclass(frozen=True, slots=True)
class TakeSnapshot(ElasticsearchCommand):
    """Take a snapshot of indices, or wait for the one that another machine is taking.

    The artefact exists as soon as the cluster says SUCCESS; one that fails is deleted, and so is
    one that lies below its floor once its indices have been counted again. What was made `clean`
    is counted before, and its manifest says which scripts have been run on it.
    """

    endpoint: Endpoint
    location: Location
    snapshot: str
    indices: tuple[str, ...]
    manifest: Manifest
    floor: Floor | None = None
    clean: bool = False

    @property
    def repository(self) -> str:
        return repository(self.location)

    def call(self, metadata: object) -> Call:
        """Return the request that starts it."""
        body = {
            "indices": list(self.indices),
            "include_global_state": False,
            "partial": False,
            "metadata": metadata,
        }
        where = path("_snapshot", self.repository, self.snapshot)
        return Call("PUT", f"{where}?wait_for_completion=false", body)

    def lines(self) -> Iterator[str]:
        claim = Call("PUT", path(CLAIMS, "_create", f"push-{self.manifest.name}"))
        yield f"{claim.line(self.endpoint)} (held until the end; who finds it held waits for it)"
        yield self.call("{the manifest}").line(self.endpoint)
        state = Call("GET", path("_snapshot", self.repository, self.snapshot))
        yield f"{state.line(self.endpoint)} until its state is SUCCESS; PARTIAL or FAILED fails"
        if self.floor:
            yield f"count its documents again, and {self.floor}"

    def publishes(self) -> Published | None:
        return Published(self.location.storage, self.manifest)


@dataclass(frozen=True, slots=True)
class DropSnapshot(ElasticsearchCommand):
    """Delete a snapshot that is to be made again, and those of its database that are not whole."""

    endpoint: Endpoint
    location: Location
    snapshot: str

    def lines(self) -> Iterator[str]:
        call = Call("DELETE", path("_snapshot", repository(self.location), self.snapshot))
        yield f"{call.line(self.endpoint)} (and what is not whole beside it)"


@dataclass(frozen=True, slots=True)
class KeepSnapshots(ElasticsearchCommand):
    """Delete a database's oldest snapshots, all but so many; one being taken is not touched."""

    endpoint: Endpoint
    location: Location
    keep: int

    def lines(self) -> Iterator[str]:
        name = f"envsync-{self.location.key.database}@*"
        call = Call("DELETE", path("_snapshot", repository(self.location), name))
        yield f"{call.line(self.endpoint)} (all but the newest {self.keep}, one by one)"


@dataclass(frozen=True, slots=True)
class DeleteSnapshot(ElasticsearchCommand):
    """Delete one snapshot, while no machine takes one of the same database.

    The cluster refuses to delete one that it restores at this moment.
    """

    endpoint: Endpoint
    location: Location

    @property
    def snapshot(self) -> str:
        return snapshot_name(self.location.key.database, self.location.key.stamp)

    def lines(self) -> Iterator[str]:
        claim = Call("PUT", path(CLAIMS, "_create", f"push-{self.location.key.database}"))
        yield f"{claim.line(self.endpoint)} (held until the end)"
        call = Call("DELETE", path("_snapshot", repository(self.location), self.snapshot))
        yield call.line(self.endpoint)

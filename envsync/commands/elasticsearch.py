"""What can be done to a search cluster."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from envsync.artefacts import Manifest, Stamp
from envsync.commands import Command, Gate, Location, Published, Script
from envsync.commands.elasticsearch_requests import Call, path, repository
from envsync.facts.elasticsearch import Picture, snapshot_name
from envsync.places import Endpoint
from envsync.provenance import Provenance
from envsync.shrinking import Floor

CLAIMS = "envsync-claims"
"""The hidden index that holds who is at what, against runs on other machines."""
RESTORED = r"^(?:envsync-[^@]*@[0-9]{8}t[0-9]{6}z-)?(.+)$"
"""The name of an index in a snapshot, as a Java pattern: what envsync once put before it goes."""
# What would have the target's own machinery act on the copy, or keep it from being sanitised.
IGNORED_SETTINGS = (
    "index.blocks.*",
    "index.lifecycle.*",
    "index.opendistro.*",
    "index.plugins.*",
    "index.routing.allocation.include.*",
    "index.routing.allocation.require.*",
    "index.routing.allocation.exclude.*",
)


class ElasticsearchCommand(Command):
    """Something a search cluster's hands can do."""

    __slots__ = ()
    dbms: ClassVar[str] = "elasticsearch"


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


@dataclass(frozen=True, slots=True)
class Claim(ElasticsearchCommand):
    """Hold a database of a cluster for one pull, against pulls on other machines, until its end."""

    endpoint: Endpoint
    name: str

    def lines(self) -> Iterator[str]:
        call = Call("PUT", path(CLAIMS, "_create", f"pull-{self.name}"))
        yield f"{call.line(self.endpoint)} (held until the end)"


@dataclass(frozen=True, slots=True)
class DropLeftovers(ElasticsearchCommand):
    """Delete the indices envsync made for a database that are neither live nor previous.

    With a moment, those of that pull alone. `seen` is what was there to be deleted before.
    """

    endpoint: Endpoint
    name: str
    of: Stamp | None = None
    seen: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        for index in self.seen:
            yield Call("DELETE", path(index)).line(self.endpoint)


@dataclass(frozen=True, slots=True)
class Restore(ElasticsearchCommand):
    """Restore a snapshot's indices under hidden names, by the names they have in it."""

    proves: ClassVar[bool] = True

    endpoint: Endpoint
    location: Location
    snapshot: str
    prefix: str
    renamed: Mapping[str, str] = field(hash=False)

    def call(self) -> Call:
        """Return the request that starts it."""
        body = {
            "indices": list(self.renamed),
            "include_aliases": False,
            "include_global_state": False,
            "rename_pattern": RESTORED,
            "rename_replacement": f"{self.prefix}$1",
            "index_settings": {"index.hidden": True},
            "ignore_index_settings": list(IGNORED_SETTINGS),
        }
        where = path("_snapshot", repository(self.location), self.snapshot, "_restore")
        return Call("POST", f"{where}?wait_for_completion=false", body)

    def lines(self) -> Iterator[str]:
        yield self.call().line(self.endpoint)
        health = Call("GET", f"{path('_cluster', 'health')}{path(f'{self.prefix}*')}")
        yield f"{health.line(self.endpoint)} until every primary shard is active"


@dataclass(frozen=True, slots=True)
class CompareRows(ElasticsearchCommand):
    """Compare the documents restored with those the manifest counted before the snapshot."""

    proves: ClassVar[bool] = True

    endpoint: Endpoint
    counted: Mapping[str, int] = field(hash=False)

    def lines(self) -> Iterator[str]:
        for index, count in self.counted.items():
            yield f"{Call('GET', path(index, '_count')).line(self.endpoint)} is about {count:,}"


@dataclass(frozen=True, slots=True)
class CheckColumns(ElasticsearchCommand):
    """Compare the fields of what was restored with those that somebody decided on."""

    endpoint: Endpoint
    serves: Picture = field(hash=False)
    gate: Gate

    def lines(self) -> Iterator[str]:
        yield self.gate.line(f"what will serve {', '.join(self.serves)} on {self.endpoint}")


@dataclass(frozen=True, slots=True)
class RunScript(ElasticsearchCommand):
    """Run the updates and deletions of a script on what was restored, one after the other."""

    endpoint: Endpoint
    script: Script
    serves: Picture = field(hash=False)

    def lines(self) -> Iterator[str]:
        yield f"sanitise {self.endpoint}: {self.script.name} by _update_by_query, _delete_by_query"


@dataclass(frozen=True, slots=True)
class RunChecks(ElasticsearchCommand):
    """Run each query of a script's checks; one that finds a document fails the step."""

    endpoint: Endpoint
    script: Script
    serves: Picture = field(hash=False)

    def lines(self) -> Iterator[str]:
        yield f"check {self.endpoint}: every check of {self.script.name} finds nothing"


@dataclass(frozen=True, slots=True)
class Promote(ElasticsearchCommand):
    """Have names served by other indices, all in one update of the aliases.

    `live` is who serves them now, and `concrete` are the names that are indices themselves: these
    are copied, where the previous is kept, and become aliases. Both are looked up again when it
    is done, for others may write meanwhile. `discard` is what nobody needs afterwards.
    """

    promotes: ClassVar[bool] = True

    endpoint: Endpoint
    name: str
    serves: Picture = field(hash=False)
    live: Picture = field(hash=False)
    concrete: tuple[str, ...]
    prefix: str
    provenance: Provenance
    discard: tuple[str, ...]
    keep_previous: bool

    def copy(self, name: str) -> str:
        """Return what the copy of an index that served by its own name is called."""
        return f"{self.prefix}was-{name}"

    @property
    def replaced(self) -> Picture:
        """What is live until now, and can be made live again."""
        copies = {name: {self.copy(name): "{}"} for name in self.concrete}
        return {**self.live, **copies} if self.keep_previous else {}

    def lines(self) -> Iterator[str]:
        for name in self.concrete:
            yield f"# {name!r} is an index: it is converted to an alias, this once"
            if self.keep_previous:
                for call in copying(name, self.copy(name)):
                    yield call.line(self.endpoint)
        for index in sorted({index for behind in self.serves.values() for index in behind}):
            meta = {"_meta": {"envsync": {"provenance": str(self.provenance)}}}
            yield Call("PUT", path(index, "_mapping"), meta).line(self.endpoint)
        yield swap(self.live, self.serves, self.concrete).line(self.endpoint)
        for call in showing(self.live, self.serves):
            yield call.line(self.endpoint)
        for index in self.discard:
            yield Call("DELETE", path(index)).line(self.endpoint)


@dataclass(frozen=True, slots=True)
class SwapBack(ElasticsearchCommand):
    """Have names served by the indices that served them before, in one update of the aliases."""

    endpoint: Endpoint
    name: str
    live: Picture = field(hash=False)
    previous: Picture = field(hash=False)

    def lines(self) -> Iterator[str]:
        yield swap(self.live, self.previous, ()).line(self.endpoint)
        for call in showing(self.live, self.previous):
            yield call.line(self.endpoint)


def copying(name: str, copy: str) -> tuple[Call, ...]:
    """Return what copies an index without reading it; it is not written to from then on."""
    settings = {"index.hidden": True, "index.blocks.write": None}
    return (
        Call("PUT", path(name, "_settings"), {"index.blocks.write": True}),
        Call(
            "PUT", f"{path(name, '_clone', copy)}?wait_for_active_shards=0", {"settings": settings}
        ),
    )


def swap(live: Picture, then: Picture, concrete: tuple[str, ...]) -> Call:
    """Return the one request after which `then` is who serves; indices in its way are removed."""
    actions: list[dict[str, object]] = [{"remove_index": {"index": name}} for name in concrete]
    for alias, behind in live.items():
        actions += [
            {"remove": {"index": index, "alias": alias}}
            for index in behind
            if index not in then.get(alias, ())
        ]
    for alias, behind in then.items():
        actions += [
            {"add": {"index": index, "alias": alias, **json.loads(how)}}
            for index, how in behind.items()
        ]
    return Call("POST", path("_aliases"), {"actions": actions})


def showing(live: Picture, then: Picture) -> Iterator[Call]:
    """Yield what has a search for "*" find the indices that serve, and no longer those that did."""
    now = {index for behind in live.values() for index in behind}
    later = {index for behind in then.values() for index in behind}
    for indices, hidden in ((now - later, True), (later, False)):
        for index in sorted(indices):
            yield Call("PUT", path(index, "_settings"), {"index.hidden": hidden})

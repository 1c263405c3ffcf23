"""What can be done to the indices of a search cluster, up to the promote."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from envsync.artefacts import Stamp
from envsync.commands import Command, Location, Script
from envsync.commands.coverage import Gate
from envsync.commands.elasticsearch_requests import Call, path, repository
from envsync.facts.elasticsearch import Picture
from envsync.places import Endpoint

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

"""What has other indices of a search cluster serve the names that applications use."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from envsync.commands.elasticsearch import ElasticsearchCommand
from envsync.commands.elasticsearch_requests import Call, path
from envsync.facts.elasticsearch import Picture, original
from envsync.places import Endpoint
from envsync.provenance import Provenance

_COPY = "was-"
"""What goes before the name of an index in the name of its copy, behind the pull's own prefix."""


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
        return f"{self.prefix}{_COPY}{name}"

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


def copied_from(index: str) -> str:
    """Return the name of the index that another one is the copy of; "" where it is no copy."""
    name = original(index)
    return name.removeprefix(_COPY) if name.startswith(_COPY) else ""


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

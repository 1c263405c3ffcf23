"""What a database holds: its collections, views and time series, with options and indexes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bson import json_util
from bson.binary import Binary
from bson.errors import BSONError

from envsync.errors import CommandError
from envsync.gateways.mongo.archive import Entry
from envsync.gateways.mongo.session import CODEC, Session

Kind = Literal["collection", "view", "timeseries"]
BUCKETS = "system.buckets."
"""What the name of a time series' own collection begins with."""
_JSON = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL,
    uuid_representation=CODEC.uuid_representation,
    tz_aware=True,
)


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection, view or time series."""

    name: str
    kind: Kind
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    indexes: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    uuid: str = ""

    @property
    def stored_in(self) -> str:
        """The collection its documents lie in."""
        return f"{BUCKETS}{self.name}" if self.kind == "timeseries" else self.name

    @property
    def capped(self) -> bool:
        return bool(self.options.get("capped"))

    @property
    def in_id_order(self) -> bool:
        """Whether its documents can be read range by range of a plain index on _id."""
        options = self.options
        return self.kind != "view" and not (
            self.capped or options.get("collation") or options.get("clusteredIndex")
        )

    def entry(self, database: str) -> Entry:
        """Return how an archive announces it."""
        metadata = {
            "options": dict(self.options),
            "indexes": [dict(index) for index in self.indexes],
            "uuid": self.uuid,
            "collectionName": self.name,
            "type": self.kind,
        }
        text = json_util.dumps(metadata, json_options=_JSON)
        return Entry(database, self.name, text, self.kind)


def announced(entry: Entry) -> Collection:
    """Return the collection an archive announces; older archives say less."""
    try:
        metadata = json_util.loads(entry.metadata, json_options=_JSON) if entry.metadata else {}
    except (ValueError, TypeError, BSONError) as error:
        raise CommandError(
            f"the archive's metadata of {entry.collection!r} is not extended JSON"
        ) from error
    options = metadata.get("options") or {}
    return Collection(
        entry.collection,
        _kind(entry.kind, options),
        options,
        tuple(metadata.get("indexes") or ()),
        metadata.get("uuid", ""),
    )


def _kind(told: str, options: Mapping[str, Any]) -> Kind:
    if told == "view" or "viewOn" in options:
        return "view"
    if told == "timeseries" or "timeseries" in options:
        return "timeseries"
    return "collection"


def collections(session: Session, database: str, *, indexes: bool = True) -> list[Collection]:
    """Return what a database holds, in the order of names; not what belongs to the server."""
    found = session.listed(database, {"listCollections": 1})
    return [
        Collection(
            each["name"],
            _kind(each.get("type", ""), each.get("options", {})),
            each.get("options", {}),
            tuple(_indexes(session, database, each)) if indexes else (),
            _uuid(each.get("info", {}).get("uuid")),
        )
        for each in sorted(found, key=lambda each: str(each["name"]))
        if not each["name"].startswith("system.")
    ]


def left_to_the_server(session: Session, database: str) -> list[str]:
    """Return the names of collections that only their server can make, and that hold something."""
    named = session.listed(database, {"listCollections": 1, "nameOnly": True})
    return sorted(each["name"] for each in named if each["name"] == "system.js")


def _indexes(
    session: Session, database: str, found: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    if _kind(found.get("type", ""), found.get("options", {})) != "view":
        yield from session.listed(database, {"listIndexes": found["name"]})


def _uuid(value: object) -> str:
    return value.hex() if isinstance(value, Binary) else ""


def to_build(collection: Collection) -> list[dict[str, Any]]:
    """Return the indexes to create: not that on _id, which comes with its collection."""
    return [
        {name: value for name, value in index.items() if name != "ns"}
        for index in collection.indexes
        if index.get("name") != "_id_" and not index.get("clustered")
    ]

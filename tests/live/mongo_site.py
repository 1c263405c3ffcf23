"""A site on MongoDB for one test: production on a replica set, integration on a server alone."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from bson import SON, Binary, Decimal128, Int64, ObjectId, Regex, Timestamp
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from envsync.columns import written
from tests.live import program
from tests.live.deciding import Column, Decisions
from tests.live.program import Ran
from tests.servers.mongod import Documents, Mongo, Mongod

PEOPLE = 500
OLD = [{"_id": 1, "email": "yesterday@example.com", "town": "Yesterday"}]
SCRIPT: dict[str, Any] = {
    "sanitise": [
        {
            "collection": "people",
            "updateMany": {
                "filter": {"email": {"$exists": True}},
                "update": [
                    {"$set": {"email": {"$concat": ["p", {"$toString": "$_id"}, "@example.com"]}}}
                ],
            },
        },
        {"collection": "sessions", "deleteMany": {"filter": {}}},
    ],
    "checks": [
        {
            "title": "no address is anybody's",
            "collection": "people",
            "find": {"email": {"$not": {"$regex": "@example\\.com$"}}},
        }
    ],
}

_TYPES = {
    type(None): "null",
    str: "string",
    int: "int",
    Int64: "long",
    float: "double",
    bool: "bool",
    bytes: "binData",
    Binary: "binData",
    ObjectId: "objectId",
    datetime: "date",
    Decimal128: "decimal",
    Regex: "regex",
    re.Pattern: "regex",
    Timestamp: "timestamp",
}


@dataclass(slots=True)
class MongoSite:
    """Two environments with one database that holds personal data in production.

    The program works as users with the roles that the manual names, not as administrators.
    """

    folder: Path
    production: Mongod
    integration: Mongod
    source: str
    target: str
    storage: dict[str, Any]
    environment: dict[str, str]
    users: dict[str, str] = field(default_factory=dict)
    decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
        self.decisions = Decisions(self.folder / "sanitisation_sql")

    def inventory(self, name: str) -> dict[str, Any]:
        """Return one environment's inventory, as it would be written."""
        is_production = name == "production"
        server = self.production if is_production else self.integration
        return {
            "environment": name,
            "protected": is_production,
            "storage": {**self.storage, "directory": f"{self.storage['directory']}/{name}"},
            "servers": {
                "mongo": {
                    "dbms": "mongo",
                    "host": "127.0.0.1",
                    "port": server.port,
                    "user": self.users[name],
                    "password": {"file": str(server.folder / "password")},
                    "tls": "disable",
                    "machine": "mongo",
                }
            },
            "databases": {
                "app": {
                    "server": "mongo",
                    "name": self.source if is_production else self.target,
                    "path": "mongo",
                }
            },
            **(
                {}
                if is_production
                else {"syncs": {"app": {"from": "production", "sanitise": "app.mongo.yaml"}}}
            ),
        }

    def write(self, **inventories: dict[str, Any]) -> None:
        """Write the inventories, each changed where a test says so, as `integration={...}`."""
        (self.folder / "inventories").mkdir(exist_ok=True)
        for name in ("production", "integration"):
            text = self.inventory(name)
            for path, value in inventories.get(name, {}).items():
                _change(text, path.split("."), value)
            file = self.folder / "inventories" / f"{name}.yaml"
            file.write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True))

    def script(self, content: Any = None) -> None:
        """Write the sanitisation file: as it should be, or as a test wants it."""
        folder = self.folder / "sanitisation_sql"
        folder.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content or SCRIPT)
        (folder / "app.mongo.yaml").write_text(text)

    def run(self, *arguments: str) -> Ran:
        """Run the program to its end, with everything decided that it has to know."""
        self.decide()
        return program.run(self.folder, self.environment, *arguments)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the program and leave it running, with everything decided that it has to know."""
        self.decide()
        return program.start(self.folder, self.environment, *arguments)

    def decide(self) -> None:
        """Keep all fields that production has, unless a test has decided for itself."""
        with suppress(PyMongoError), self.production.client() as client:
            database = client[self.source]
            for name in database.list_collection_names(filter={"type": {"$ne": "view"}}):
                if name.startswith("system."):
                    continue
                self.decisions.keep(_fields(written(name), database[name]))
        self.decisions.write()

    def people(self) -> list[dict[str, Any]]:
        """Return who lives in integration's live database."""
        with self.integration.client() as client:
            return list(client[self.target].people.find(sort=[("_id", 1)]))

    def collections(self) -> set[str]:
        """Return what integration's live database holds, and what lies beside."""
        with self.integration.client() as client:
            found = client[self.target].list_collection_names()
        return {name for name in found if not name.startswith("system.")}

    def databases(self) -> set[str]:
        """Return the databases of integration that belong to this site, by what they are."""
        with self.integration.client() as client:
            found = client.list_database_names()
        return {
            name.removeprefix(self.target) or "live"
            for name in found
            if name.startswith(self.target)
        }

    @property
    def stored(self) -> Path:
        """Where production's artefacts lie."""
        return self.folder / "artefacts" / "production"

    def artefacts(self) -> list[str]:
        """Return what lies in production's storage."""
        return sorted(path.name for path in self.stored.rglob("*") if path.is_file())

    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the newest artefact in production's storage."""
        newest = max(self.stored.rglob("*.manifest.json"))
        return dict(json.loads(newest.read_text()))


def _fields(table: str, collection: "Collection[dict[str, Any]]") -> Iterator[Column]:
    yield table, "", ""
    for document in collection.find().limit(1000):
        for name, value in document.items():
            yield from ((table, *each) for each in _within(written(name), value))


def _within(path: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _within(f"{path}.{written(name)}", inner)
        case list():
            for inner in value:
                yield from _within(f"{path}[]", inner)
        case _:
            yield path, _TYPES[type(value)]


def _change(text: dict[str, Any], path: list[str], value: object) -> None:
    *parents, last = path
    for part in parents:
        text = text.setdefault(part, {})
    if value is None:
        text.pop(last, None)
    else:
        text[last] = value


@contextmanager
def mongo_site(folder: Path, mongo: Mongo) -> Iterator[MongoSite]:
    """Make a site with yesterday's data in integration and today's in production."""
    production, integration = mongo.primary, mongo.alone
    name = f"app_{uuid4().hex[:8]}"
    for environment in ("production", "integration"):
        (folder / "artefacts" / environment).mkdir(parents=True)
    site = MongoSite(
        folder,
        production,
        integration,
        name,
        name,
        {"backend": "file", "directory": str(folder / "artefacts")},
        {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ENVSYNC_INVENTORY": str(folder / "inventories"),
            "ENVSYNC_STATE": str(folder / "state"),
        },
        {
            "production": production.user(f"{name}:p@", ("read", name), ("backup", "admin")),
            "integration": integration.user(f"{name}:i@", *target_roles(name)),
        },
    )
    with production.client() as source, integration.client() as target:
        fill(source, name)
        target[name].people.insert_many(OLD)
        try:
            site.write()
            site.script()
            yield site
        finally:
            for client in (source, target):
                for found in client.list_database_names():
                    if found.startswith((site.target, site.source)) or found == "envsync":
                        client.drop_database(found)
            source.admin.command({"dropUser": site.users["production"]})
            target.admin.command({"dropUser": site.users["integration"]})


def target_roles(name: str) -> tuple[tuple[str, str], ...]:
    """Return the roles that a pull needs, as docs/mongo.md has them."""
    return (
        ("backup", "admin"),
        ("restore", "admin"),
        ("dbOwner", name),
        ("dbOwner", f"{name}__incoming"),
        ("dbOwner", "envsync"),
    )


def fill(client: Documents, name: str) -> None:
    """Fill a database with one of everything that a server can hold."""
    database = client[name]
    people = database.create_collection(
        "people", validator={"$jsonSchema": {"required": ["email"]}}, validationLevel="moderate"
    )
    people.insert_many(
        {"_id": n, "email": f"person{n}@private.example", "town": f"Town {n}"}
        for n in range(1, PEOPLE + 1)
    )
    people.create_index("email", unique=True)
    people.create_index("town", partialFilterExpression={"_id": {"$gt": 100}}, name="some towns")
    people.create_index([("town", "text")], default_language="none")
    sessions = database.create_collection("sessions")
    sessions.insert_many({"at": datetime(2040, 1, 1, tzinfo=UTC), "token": n} for n in range(10))
    sessions.create_index("at", expireAfterSeconds=3600)
    log = database.create_collection("log", capped=True, size=65536, max=50)
    log.insert_many({"n": n} for n in range(80))
    readings = database.create_collection(
        "readings", timeseries={"timeField": "at", "metaField": "where", "granularity": "minutes"}
    )
    readings.insert_many(
        {"at": datetime(2026, 1, 1, n % 24, tzinfo=UTC), "where": n % 3, "value": n}
        for n in range(100)
    )
    readings.create_index([("where", 1), ("at", -1)], name="where and when")
    names = database.create_collection("names", collation={"locale": "en", "strength": 2})
    names.insert_many([{"_id": name} for name in ("Ä", "b", "Z")])
    names.create_index("x", collation={"locale": "fr"})
    database.create_collection(
        "townsfolk",
        viewOn="people",
        pipeline=[{"$match": {"_id": {"$lte": 10}}}, {"$project": {"town": 1}}],
    )
    database['odd.name €ü-"%'].insert_many(values())
    database.create_collection("empty")


def values() -> list[dict[str, Any]]:
    """Return documents with identifiers and values of every kind."""
    return [
        {"_id": ObjectId(), "n": None, "nested": {"a": [1, {"b": 2.5}], "": "empty key"}},
        {"_id": "text", "long": Int64(2**62), "decimal": Decimal128("1.10"), "b": Binary(b"\0", 5)},
        {"_id": 7, "regex": Regex("^a", "i"), "stamp": Timestamp(5, 6), "ü": "ü" * 50_000},
        {"_id": SON([("z", 1), ("a", 2)]), "order": SON([("b", 1), ("a", 2)])},
        {"_id": datetime(2026, 1, 2, tzinfo=UTC), "dotted.$key": 1},
    ]


def content(client: Documents, name: str) -> dict[str, Any]:
    """Return all that a database holds, comparable: options, indexes, and hashes of documents."""
    database = client[name]
    found: dict[str, Any] = {}
    for each in database.list_collections():
        if each["name"].startswith(("system.", "envsync.")):
            continue
        indexes = (
            []
            if each["type"] == "view"
            else sorted(database[each["name"]].list_indexes(), key=lambda index: str(index["name"]))
        )
        found[each["name"]] = (each["type"], each["options"], [dict(index) for index in indexes])
    hashes = database.command("dbHash")["collections"]
    # Views are compared as they are listed: there are more of them beside the live ones.
    found["hashes"] = {
        name: hash_
        for name, hash_ in hashes.items()
        if "envsync." not in name and name != "system.views"
    }
    return found

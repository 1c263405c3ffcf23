"""MongoDB in the soak: two servers, killed and started again now and then."""

import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import yaml
from pymongo.errors import PyMongoError

from scripts.soaking.rows import Row, Seen
from tests.servers.mongod import Mongod

_ADDRESS = {"$concat": ["person-", {"$toString": "$_id"}, "@example.com"]}


class MongoEngine:
    """MongoDB."""

    KIND = "mongo"
    SUFFIX = ".mongo.yaml"
    COLUMNS = """
people: &all
  _id: {keep: int}
  generation: {keep: int}
  email: {sanitised: string}
notes: *all
"""

    def __init__(self, production: Mongod, integration: Mongod, chance: random.Random) -> None:
        self._servers = {"production": production, "integration": integration}
        self._chance = chance
        for server in self._servers.values():
            server.make_admin()
        self._users = {name: f"envsync-{name}" for name in self._servers}

    @property
    def ports(self) -> Mapping[str, int]:
        return {name: server.port for name, server in self._servers.items()}

    def server(self, environment: str) -> Mapping[str, Any]:
        password = self._servers[environment].folder / "password"
        return {"user": self._users[environment], "password": {"file": str(password)}}

    def database(self, name: str) -> Mapping[str, Any]:
        del name
        return {}

    def scripts(self, name: str, fault: str | None) -> Mapping[str, str]:
        del name
        update: Any = [{"$set": {"email": _ADDRESS}}]
        if fault == "failing":
            update = [{"$set": {"email": {"$divide": [1, 0]}}}]
        some: dict[str, Any] = {"_id": {"$gt": 1}} if fault == "leaving" else {}
        if fault == "slow":
            some = {
                "$expr": {
                    "$function": {
                        "body": "function() { sleep(300); return true; }",
                        "args": [],
                        "lang": "js",
                    }
                }
            }
        steps = [
            {"collection": "people", "updateMany": {"filter": some, "update": update}},
            {
                "collection": "notes",
                "updateMany": {"filter": {}, "update": [{"$set": {"email": _ADDRESS}}]},
            },
        ]
        raw = {"email": {"$not": {"$regex": "@example\\.com$"}}}
        checks = [{"collection": each, "find": raw} for each in ("people", "notes")]
        return {self.SUFFIX: yaml.safe_dump({"sanitise": steps, "checks": checks})}

    def create(self, names: list[str]) -> None:
        roles = {
            "production": [("backup", "admin"), *(("read", name) for name in names)],
            "integration": [
                ("backup", "admin"),
                ("restore", "admin"),
                ("dbOwner", "envsync"),
                *(("dbOwner", name) for name in names),
                *(("dbOwner", f"{name}__incoming") for name in names),
            ],
        }
        for environment, server in self._servers.items():
            server.user(self._users[environment], *roles[environment])
        self._servers["integration"].user("app", *(("read", name) for name in names))

    def fill(self, name: str, rows: list[Row]) -> None:
        self._fill(self._servers["production"], name, rows)

    def begin(self, name: str, rows: list[Row]) -> None:
        """Give integration's database its first documents."""
        self._fill(self._servers["integration"], name, rows)

    def _fill(self, server: Mongod, name: str, rows: list[Row]) -> None:
        documents = [{"_id": n, "generation": g, "email": email} for n, g, email in rows]
        with server.client() as client:
            for collection in (client[name].people, client[name].notes):
                collection.delete_many({})
                collection.insert_many(documents)

    def held(self, name: str) -> int:
        with self._servers["production"].client() as client:
            return int(client[name].people.count_documents({}))

    def seen(self, name: str) -> Seen | None:
        with suppress(PyMongoError):
            return Seen(self._rows(name, "people"), self._rows(name, "notes"))
        return None

    def _rows(self, name: str, collection: str) -> tuple[Row, ...]:
        with self._servers["integration"].client("app") as client:
            found = client[name][collection].find(sort=[("_id", 1)])
            return tuple((each["_id"], each["generation"], each["email"]) for each in found)

    def peeked(self, name: str) -> list[Row]:
        with suppress(PyMongoError):
            return [*self._rows(f"{name}__incoming", "people")]
        return []

    def left(self, names: list[str]) -> list[str]:
        found: list[str] = []
        with self._servers["integration"].client() as client:
            databases = [name for name in client.list_database_names() if name.startswith("soak")]
            found += [f"database {name}" for name in databases if name not in names]
            for name in names:
                collections = client[name].list_collection_names()
                found += [f"{name}.{each}" for each in collections if "incoming" in each]
        for environment, server in self._servers.items():
            with server.client() as client:
                users = {
                    user["user"]
                    for each in client.admin.command({"currentOp": 1, "$all": True})["inprog"]
                    for user in each.get("effectiveUsers", ())
                }
            if self._users[environment] in users:
                found.append(f"session of {self._users[environment]}")
        return found

    def disturb(self, environment: str) -> str | None:
        server = self._servers[environment]
        server.kill()
        server.start()
        return "killed mongod, and started it again"

    def hold(self, environment: str, name: str, seconds: float) -> bool:
        del environment, name, seconds
        return False

"""A site on MongoDB in which faults are injected: what it serves, what is locked, what is left."""

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from envsync.gateways.holders import has_ended
from tests.failures.storages import half_files
from tests.live.mongo_site import PEOPLE, SCRIPT, MongoSite, mongo_site
from tests.live.program import Ran
from tests.servers.mongod import Documents, Mongo, Mongod

RESERVED = "envsync."
# Where applyOps has put what bore a name, until it is renamed again (MongoDB, rename_collection).
_UNDER_WAY = (f"{RESERVED}incoming.", f"{RESERVED}discarded.", "tmp")
_CAPITAL = re.compile("([A-Z])")
_COUNTS = {
    "empty": 0,
    "log": 50,
    "names": 3,
    'odd.name €ü-"%': 5,
    "people": PEOPLE,
    "readings": 100,
    "sessions": 0,
    "townsfolk": 10,
}


class MongoScene:
    """Production and integration; each run that goes well can be told from the one before."""

    key = "app"
    marks = ()

    def __init__(self, site: MongoSite) -> None:
        self.site = site
        self.number = 0
        (site.folder / "temporary").mkdir()
        site.environment["TMPDIR"] = str(site.folder / "temporary")
        roles = ("readWrite", site.target)
        self._application = site.integration.user(f"{site.target}:app", roles)
        self.next_run()

    @property
    def folder(self) -> Path:
        return self.site.folder

    def run(self, *arguments: str) -> Ran:
        return self.site.run(*arguments)

    @property
    def environment(self) -> dict[str, str]:
        return self.site.environment

    def through(self, production: int, integration: int) -> None:
        """Have runs reach the servers on other ports."""
        self.site.write(
            production={"servers.mongo.port": production},
            integration={"servers.mongo.port": integration},
        )

    def whom(self, question: str) -> tuple[str, str]:
        """Return the database without its name, and what is asked of it, as a statement."""
        database, _, asked = question.partition(": ")
        command, _, about = asked.partition(" ")
        words = _CAPITAL.sub(r"_\1", command).upper()
        statement = f"RENAME BY {words}" if command == "applyOps" else words.replace("_", " ")
        beside = next((each for each in _UNDER_WAY if about.startswith(each)), "")
        return f"{database.removeprefix(self.site.target) or 'live'} {beside}".rstrip(), statement

    def next_run(self, *before: dict[str, Any]) -> None:
        """Have the runs to come leave another mark in the data; `before` goes before the script."""
        self.number += 1
        script = copy.deepcopy(SCRIPT)
        mark = {"update": {"$set": {"town": f"Run {self.number}"}}}
        script["sanitise"] = [
            *before,
            *script["sanitise"],
            {"collection": "people", "updateMany": mark},
        ]
        self.site.script(script)

    def served(self) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Return who lives in the live database, and how much there is of the rest."""
        with self.application() as client:
            database = client[self.site.target]
            people = list(database.people.find(sort=[("_id", 1)]))
            return people, {
                name: database[name].count_documents({})
                for name in sorted(database.list_collection_names())
                if not name.startswith((RESERVED, "system."))
            }

    def fresh(self) -> tuple[list[dict[str, Any]], dict[str, int]]:
        mark = f"Run {self.number}"
        people = [
            {"_id": n, "email": f"p{n}@example.com", "town": mark} for n in range(1, PEOPLE + 1)
        ]
        return people, _COUNTS

    def locked(self) -> list[str]:
        """Return the claims of processes that live, and why writes to live collections fail."""
        with self.site.integration.client() as client:
            claims = list(client["envsync"].claims.find({"_id": self.site.target}))
        found = [f"claim on {each['_id']}" for each in claims if not has_ended(each["process"])]
        try:
            with self.application() as client, pymongo.timeout(5):
                client[self.site.target].people.delete_one({"_id": "nobody"})
        except PyMongoError as error:
            found.append(f"writes: {error}")
        return found

    def left(self) -> list[str]:
        live = self.site.collections()
        found = [f"database {each}" for each in sorted(self.site.databases() - {"live"})]
        found += [f"collection {each}" for each in sorted(live) if each.startswith(_UNDER_WAY)]
        for server in (self.site.production, self.site.integration):
            found += _operations(server)
        with self.site.integration.client() as client:
            books = client["envsync"].incoming.find({"database": self.site.target})
            found += [f"staged {each['_id']}" for each in books]
            claims = client["envsync"].claims.find({"_id": self.site.target})
            found += [f"claim on {each['_id']}" for each in claims]
        return [*found, *half_files(self.folder / "artefacts")]

    def application(self) -> Documents:
        """Connect as the application does."""
        return self.site.integration.client(self._application)


def _operations(server: Mongod) -> list[str]:
    """Return what a server does for envsync at this moment."""
    with server.client() as client:
        found = client.admin.aggregate(
            [{"$currentOp": {"allUsers": True}}, {"$match": {"appName": "envsync", "active": True}}]
        )
        return [f"operation on {each.get('ns')}" for each in found]


@contextmanager
def mongo_scene(folder: Path, production: Mongod, integration: Mongod) -> Iterator[MongoScene]:
    """Make a scene on two servers, dropped from them at its end."""
    with mongo_site(folder, Mongo(production, production, integration)) as site:
        made = MongoScene(site)
        yield made
        with site.integration.client() as client:
            client.admin.command({"dropUser": f"{site.target}:app"})

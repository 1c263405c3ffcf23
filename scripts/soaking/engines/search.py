"""OpenSearch in the soak: two clusters of one node, killed and started again now and then."""

import random
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import yaml

from scripts.soaking.processes import restart, serving
from scripts.soaking.rows import Row, Seen
from tests.servers.opensearch import SearchClusters
from tests.servers.waiting import until

REPOSITORY = "soak"
STARTING = 60
"""Seconds a node may take to start."""


class SearchEngine:
    """OpenSearch."""

    KIND = "elasticsearch"
    SUFFIX = ".elasticsearch.yaml"
    COLUMNS = """
NAME-people: &all
  id: {keep: long}
  generation: {keep: long}
  email: {sanitised: text}
NAME-notes: *all
"""

    def __init__(self, clusters: SearchClusters, chance: random.Random) -> None:
        self._clusters = {"production": clusters.production, "integration": clusters.integration}
        self._chance = chance
        for environment, cluster in self._clusters.items():
            readonly = environment == "integration"
            settings = {"location": str(cluster.repositories / REPOSITORY), "readonly": readonly}
            where = f"/_snapshot/{REPOSITORY}"
            cluster.ask("PUT", where, {"type": "fs", "settings": settings})

    @property
    def ports(self) -> Mapping[str, int]:
        return {name: cluster.port for name, cluster in self._clusters.items()}

    def server(self, environment: str) -> Mapping[str, Any]:
        return {"repository": REPOSITORY} if environment == "production" else {}

    def database(self, name: str) -> Mapping[str, Any]:
        return {"indices": [f"{name}-people", f"{name}-notes"], "keep_snapshots": 3}

    def scripts(self, name: str, fault: str | None) -> Mapping[str, str]:
        text = "ctx._source.email = 'person-' + ctx._source.id + '@example.com'"
        query: Any = {"range": {"id": {"gt": 1}}} if fault == "leaving" else {"match_all": {}}
        if fault == "failing":
            text = "ctx._source.email = ctx._source.nothing.of.that.name"
        indices = [f"{name}-people", f"{name}-notes"]
        update = {"indices": indices, "query": query, "script": text}
        private = {"wildcard": {"email.keyword": "*@private.example"}}
        checks = [{"name": "no private address", "indices": indices, "query": private}]
        content = {"sanitise": [{"update": update}], "checks": checks}
        return {self.SUFFIX: yaml.safe_dump(content)}

    def create(self, names: list[str]) -> None:
        del names

    def fill(self, name: str, rows: list[Row]) -> None:
        self._fill("production", name, rows)

    def begin(self, name: str, rows: list[Row]) -> None:
        """Give integration's database its first documents."""
        self._fill("integration", name, rows)

    def _fill(self, environment: str, name: str, rows: list[Row]) -> None:
        cluster = self._clusters[environment]
        for index in (f"{name}-people", f"{name}-notes"):
            cluster.answer("DELETE", f"/{index}")
            documents = [{"id": n, "generation": g, "email": email} for n, g, email in rows]
            cluster.fill(index, documents)

    def held(self, name: str) -> int:
        return len(self._clusters["production"].documents(f"{name}-people"))

    def seen(self, name: str) -> Seen | None:
        with suppress(OSError):
            names = f"{name}-people", f"{name}-notes"
            body = {"size": 10_000, "sort": ["id"]}
            path = f"/{quote(','.join(names), safe=',')}/_search"
            status, answer = self._clusters["integration"].answer("POST", path, body)
            if status != HTTPStatus.OK:
                return None
            hits = answer["hits"]["hits"]
            people, notes = (
                tuple(_row(hit["_source"]) for hit in hits if hit["_index"].endswith(each))
                for each in ("-people", "-notes")
            )
            return Seen(people, notes)
        return None

    def peeked(self, name: str) -> list[Row]:
        del name
        return []

    def left(self, names: list[str]) -> list[str]:
        found: list[str] = []
        indices = self._clusters["integration"].indices()
        for name in names:
            own = sorted({each.split("z-")[0] for each in indices if f"envsync-{name}@" in each})
            found += [f"index {each}" for each in own[:-2]]
        snapshots = self._clusters["production"].ask("GET", f"/_snapshot/{REPOSITORY}/*")
        found += [
            f"snapshot {each['snapshot']} {each['state']}"
            for each in snapshots["snapshots"]
            if each["state"] != "SUCCESS"
        ]
        return found

    def disturb(self, environment: str) -> str | None:
        cluster = self._clusters[environment]
        pid = serving(str(cluster.folder))
        if pid is None:
            return None
        restart(pid)
        until(cluster.answers, "OpenSearch to answer again", STARTING)
        return "killed OpenSearch, and started it again"

    def hold(self, environment: str, name: str, seconds: float) -> bool:
        del environment, name, seconds
        return False


def _row(source: Mapping[str, Any]) -> Row:
    return source["id"], source["generation"], source["email"]

"""A site on search clusters: production's and integration's, and envsync on top of them."""

import http.client
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from envsync.columns import written
from tests.live import program
from tests.live.deciding import Decisions
from tests.live.program import Ran
from tests.servers.opensearch import SearchCluster, SearchClusters

PEOPLE = [
    {"email": f"person{n}@private.example", "town": f"Town {n}", "number": n} for n in range(1, 201)
]
ORDERS = [{"number": n, "person": n} for n in range(1, 51)]
YESTERDAY = [{"email": "yesterday@example.com", "town": "Yesterday", "number": 1}]
SANITISED = [{**each, "email": f"person-{each['number']}@example.com"} for each in PEOPLE]
SCRIPT: dict[str, Any] = {
    "sanitise": [
        {
            "update": {
                "indices": ["people"],
                "script": "ctx._source.email = 'person-' + ctx._source.number + params.domain",
                "params": {"domain": "@example.com"},
            }
        }
    ],
    "checks": [
        {
            "name": "no private addresses",
            "indices": ["people"],
            "query": {"wildcard": {"email.keyword": "*@private.example"}},
        }
    ],
    "keep": ["orders"],
}


@dataclass(slots=True)
class SearchSite:
    """Two environments on two clusters; people are served by an alias, orders by name."""

    folder: Path
    production: SearchCluster
    integration: SearchCluster
    repository: str
    environment: dict[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
        self.decisions = Decisions(self.folder / "sanitisation_sql")

    def inventory(self, name: str) -> dict[str, Any]:
        """Return one environment's inventory, as it would be written."""
        is_production = name == "production"
        cluster = self.production if is_production else self.integration
        server = {
            "dbms": "elasticsearch",
            "host": "127.0.0.1",
            "port": self.ports.get(name, cluster.port),
            "tls": "disable",
            "machine": "search",
            **({"repository": self.repository} if is_production else {}),
        }
        syncs = {"search": {"from": "production", "sanitise": "search.elasticsearch.yaml"}}
        return {
            "environment": name,
            "protected": is_production,
            "storage": {"backend": "file", "directory": str(self.folder / "artefacts" / name)},
            "servers": {"search": server},
            "databases": {
                "search": {
                    "server": "search",
                    "name": "search",
                    "path": "elasticsearch",
                    "indices": ["people", "orders"],
                }
            },
            **({} if is_production else {"syncs": syncs}),
        }

    def write(self, **changes: Mapping[str, Any]) -> None:
        """Write the inventories, each changed at dotted paths where a test says so."""
        (self.folder / "inventories").mkdir(exist_ok=True)
        for name in ("production", "integration"):
            text = self.inventory(name)
            for path, value in changes.get(name, {}).items():
                *parents, last = path.split(".")
                place = text
                for part in parents:
                    place = place.setdefault(part, {})
                place[last] = value
            file = self.folder / "inventories" / f"{name}.yaml"
            file.write_text(yaml.safe_dump(text, sort_keys=False, allow_unicode=True))

    def script(self, **changes: Any) -> None:
        """Write the script, with other parts as given."""
        folder = self.folder / "sanitisation_sql"
        folder.mkdir(exist_ok=True)
        text = yaml.safe_dump({**SCRIPT, **changes}, sort_keys=False)
        (folder / "search.elasticsearch.yaml").write_text(text)

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Run the program to its end, with everything decided that it has to know."""
        self.decide()
        return program.run(self.folder, {**self.environment, **environment}, *arguments)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start the program and leave it running, with everything decided that it has to know."""
        self.decide()
        return program.start(self.folder, {**self.environment, **environment}, *arguments)

    def decide(self) -> None:
        """Keep all fields that production has, unless a test has decided for itself."""
        with suppress(OSError, http.client.HTTPException, ValueError):
            _, found = self.production.answer("GET", "/_all/_mapping?expand_wildcards=all")
            for index, told in found.items():
                fields = told["mappings"].get("properties", {})
                self.decisions.keep((written(index), *each) for each in _fields("", fields))
        self.decisions.write()

    def snapshots(self) -> list[tuple[str, str]]:
        """Return the snapshots in production's repository, each with its state."""
        status, found = self.production.answer("GET", f"/_snapshot/{self.repository}/*")
        snapshots = found["snapshots"] if status == 200 else []
        return [(each["snapshot"], each["state"]) for each in snapshots]

    def own(self) -> dict[str, list[str]]:
        """Return the indices envsync made in integration, without the one of claims."""
        found = self.integration.indices()
        return {name: aliases for name, aliases in found.items() if name.startswith("envsync-s")}


def _fields(prefix: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, told in properties.items():
        path = f"{prefix}{written(name)}"
        if "properties" in told:
            yield from _fields(f"{path}.", told["properties"])
        else:
            yield path, told["type"]


def make_search_site(folder: Path, clusters: SearchClusters) -> SearchSite:
    """Make a site with today's data in production and yesterday's in integration."""
    production, integration = clusters.production, clusters.integration
    repository = f"repository-{uuid4().hex[:8]}"
    for cluster in (production, integration):
        cluster.clear()
    for cluster, readonly in ((production, False), (integration, True)):
        settings = {"location": str(cluster.repositories / repository), "readonly": readonly}
        cluster.ask("PUT", f"/_snapshot/{repository}", {"type": "fs", "settings": settings})
    production.fill("people-2026", PEOPLE)
    production.alias("people-2026", "people", is_write_index=True)
    production.fill("orders", ORDERS)
    integration.fill("people-2025", YESTERDAY)
    integration.alias("people-2025", "people")
    integration.fill("orders", ORDERS[:1])
    for environment in ("production", "integration"):
        (folder / "artefacts" / environment).mkdir(parents=True)
    site = SearchSite(
        folder,
        production,
        integration,
        repository,
        {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ENVSYNC_INVENTORY": str(folder / "inventories"),
            "ENVSYNC_STATE": str(folder / "state"),
        },
    )
    site.write()
    site.script()
    return site

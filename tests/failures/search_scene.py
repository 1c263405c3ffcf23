"""A site on search clusters in which faults are injected: what it serves, is locked, is left."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from envsync.gateways.holders import has_ended
from tests.failures.storages import half_files
from tests.live.program import Ran
from tests.live.search_site import ORDERS, PEOPLE, SCRIPT, SearchSite, make_search_site
from tests.servers.opensearch import SearchCluster, SearchClusters

_IN_NAMES = re.compile(r"repository-\w+|\d{8}t\d{6}z|/\d+$")
_OWN = re.compile(r"envsync-search@(?P<moment>\w+)-.+")


class SearchScene:
    """Production and integration; each run that goes well can be told from the one before."""

    key = "search"
    marks = ()

    def __init__(self, site: SearchSite) -> None:
        self.site = site
        self.number = 0
        (site.folder / "temporary").mkdir()
        site.environment["TMPDIR"] = str(site.folder / "temporary")
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
        """Have runs reach the clusters on other ports."""
        self.site.ports |= {"production": production, "integration": integration}
        self.site.write()

    def whom(self, question: str) -> tuple[str, str]:
        """Return that a cluster is asked, and the request without moments and numbers."""
        return "cluster", _IN_NAMES.sub("", question.partition("?")[0])

    def next_run(self, before: Sequence[Mapping[str, Any]] = (), **changes: Any) -> None:
        """Have the runs to come leave another mark in the data; `before` goes before the script."""
        self.number += 1
        mark = {
            "update": {
                "indices": ["people"],
                "script": "ctx._source.town = params.town",
                "params": {"town": f"Run {self.number}"},
            }
        }
        self.site.script(sanitise=[*before, *SCRIPT["sanitise"], mark], **changes)

    def served(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return what the live aliases serve."""
        self.site.integration.ask("POST", "/people,orders/_refresh")
        documents = self.site.integration.documents
        return documents("people"), documents("orders")

    def fresh(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        mark = f"Run {self.number}"
        people = [
            {**each, "email": f"person-{each['number']}@example.com", "town": mark}
            for each in PEOPLE
        ]
        return people, ORDERS

    def locked(self) -> list[str]:
        """Return the claims of processes that live, and the indices that refuse writes."""
        found = []
        for cluster in (self.site.production, self.site.integration):
            held = _claims(cluster)
            found += [f"claim {name}" for name, process in held.items() if not has_ended(process)]
        settings = self.site.integration.ask("GET", "/people,orders/_settings")
        for index, each in settings.items():
            if "blocks" in each["settings"]["index"]:
                found.append(f"{index} is blocked: {each['settings']['index']['blocks']}")
        return found

    def left(self) -> list[str]:
        """Return what is neither live nor previous, by the moments in names; and half snapshots."""
        moments: dict[str, list[str]] = {}
        served = set()
        for index, aliases in self.site.own().items():
            match = _OWN.fullmatch(index)
            moment = match["moment"] if match else "none"
            moments.setdefault(moment, []).append(index)
            if aliases:
                served.add(moment)
        beside = sorted(moments.keys() - served)
        found = [f"index {index}" for moment in beside[:-1] for index in moments[moment]]
        found += [
            f"snapshot {name} {state}"
            for name, state in self.site.snapshots()
            if state != "SUCCESS"
        ]
        for cluster in (self.site.production, self.site.integration):
            found += [f"claim {name}" for name in _claims(cluster)]
            for task in cluster.ask("GET", "/_tasks?actions=*byquery*,*restore*")["nodes"].values():
                found += [f"task {each['action']}" for each in task["tasks"].values()]
        return [*found, *half_files(self.folder / "artefacts")]


def _claims(cluster: SearchCluster) -> dict[str, str]:
    """Return who claims what on a cluster: by the thing, the process."""
    cluster.answer("POST", "/envsync-claims/_refresh")
    status, found = cluster.answer("GET", "/envsync-claims/_search")
    claims = found["hits"]["hits"] if status == 200 else []
    return {each["_id"]: each["_source"]["process"] for each in claims}


def search_scene(folder: Path, clusters: SearchClusters) -> SearchScene:
    """Make a scene on two clusters, which are cleared for it."""
    return SearchScene(make_search_site(folder, clusters))

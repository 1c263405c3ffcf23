"""Two real OpenSearch clusters of one node each, with one folder of repositories between them."""

import fcntl
import http.client
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.waiting import until

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / ".build"
POM = HERE / "opensearch.pom.xml"
HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
PATIENCE = 150
_PROCESSES: dict[int, "subprocess.Popen[bytes]"] = {}
"""The nodes that run, by their port."""


@dataclass(frozen=True, slots=True)
class SearchCluster:
    """A running cluster; `repositories` is the folder it may keep snapshots in."""

    port: int
    folder: Path
    repositories: Path

    def begin(self) -> None:
        """Start the node; it answers some seconds later."""
        with self.folder.with_suffix(".log").open("ab") as log:
            _PROCESSES[self.port] = subprocess.Popen(
                (
                    shutil.which("java") or "java",
                    *HEAP,
                    f"-Djava.io.tmpdir={self.folder.parent}",
                    f"--class-path={_jars()}/*",
                    str(HERE / "OpenSearchNode.java"),
                    str(self.folder),
                    str(self.port),
                    str(free_port()),
                    str(self.repositories),
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder.parent,
            )

    def kill(self) -> None:
        """End the node as a power cut would, as far as its process is concerned."""
        process = _PROCESSES.pop(self.port)
        process.kill()
        process.wait()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer to a request; fails the test on any other status than 2xx."""
        status, answer = self.answer(method, path, body)
        assert 200 <= status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def answer(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the answer to a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            text = None if body is None else json.dumps(body).encode()
            connection.request(method, path, text, {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            connection.close()

    def fill(self, index: str, documents: list[dict[str, Any]]) -> None:
        """Put documents into an index, numbered from 1, to be found at once."""
        lines = []
        for number, document in enumerate(documents, 1):
            lines += [{"index": {"_id": str(number)}}, document]
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        path = f"/{quote(index, safe='')}/_bulk?refresh=true"
        connection.request("POST", path, text.encode(), {"content-type": "application/x-ndjson"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer["errors"] is False, answer

    def alias(self, index: str, alias: str, **how: Any) -> None:
        action = {"add": {"index": index, "alias": alias, **how}}
        self.ask("POST", "/_aliases", {"actions": [action]})

    def documents(self, name: str) -> list[dict[str, Any]]:
        """Return what an index or alias holds, in the order of its numbers."""
        found = self.ask("POST", f"/{quote(name, safe='')}/_search", {"size": 10_000})
        hits = sorted(found["hits"]["hits"], key=lambda hit: int(hit["_id"]))
        return [hit["_source"] for hit in hits]

    def indices(self) -> dict[str, list[str]]:
        """Return all indices, hidden ones too, each with its aliases."""
        found = self.ask("GET", "/*/_alias?expand_wildcards=all")
        return {name: sorted(each["aliases"]) for name, each in sorted(found.items())}

    def clear(self) -> None:
        """Delete all indices and forget all repositories."""
        for name in self.indices():
            self.ask("DELETE", f"/{quote(name, safe='')}")
        for name in self.ask("GET", "/_snapshot"):
            self.ask("DELETE", f"/_snapshot/{name}")

    def answers(self) -> bool:
        try:
            health = self.answer("GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return health[0] == 200


@dataclass(frozen=True, slots=True)
class SearchClusters:
    """Production's cluster and integration's."""

    production: SearchCluster
    integration: SearchCluster


@pytest.fixture(scope="session")
def opensearch() -> Iterator[SearchClusters]:
    """Two clusters; a test starts from them as `clear` leaves them."""
    with two_nodes() as made:
        yield made


@contextmanager
def two_nodes() -> Iterator[SearchClusters]:
    """Run two clusters of one node each, started together."""
    with tempfile.TemporaryDirectory(prefix="envsync-opensearch-") as name:
        folder = Path(name)
        with _running(folder, "production") as one, _running(folder, "other") as two:
            for cluster in (one, two):
                _await(cluster)
            yield SearchClusters(one, two)


@pytest.fixture(scope="session")
def scratch_opensearch(opensearch: SearchClusters) -> Iterator[SearchCluster]:
    """A third cluster, which holds nothing; it reaches the repositories of the other two."""
    folder = opensearch.production.folder.parent
    with _running(folder, "scratch") as cluster:
        _await(cluster)
        yield cluster


def _await(cluster: SearchCluster) -> None:
    try:
        until(cluster.answers, f"OpenSearch on {cluster.port}", PATIENCE)
    except AssertionError as error:
        log = cluster.folder.with_suffix(".log").read_text(errors="replace")
        raise AssertionError(f"{error}: {log[-2000:]}") from error


def _jars() -> Path:
    """Return the folder of the node's jars, fetched once for as long as the list of them is so."""
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            unavailable(
                f"OpenSearch needs {program}: apt-get install openjdk-17-jdk-headless maven"
            )
    BUILT.mkdir(exist_ok=True)
    with (BUILT / "opensearch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _fetched(BUILT / "opensearch")


def _fetched(folder: Path) -> Path:
    if (folder / "pom.xml").exists() and (folder / "pom.xml").read_text() == POM.read_text():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    argv = ("mvn", "--batch-mode", "--quiet", f"--file={POM}", "dependency:copy-dependencies")
    fetched = subprocess.run(
        (*argv, f"-DoutputDirectory={folder}"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode:
        unavailable(f"Maven cannot fetch OpenSearch: {fetched.stdout[-400:]}")
    shutil.copy(POM, folder / "pom.xml")
    return folder


@contextmanager
def _running(folder: Path, name: str) -> Iterator[SearchCluster]:
    """Start a node; it answers some seconds later."""
    cluster = SearchCluster(free_port(), folder / name, folder / "repositories")
    cluster.repositories.mkdir(exist_ok=True)
    cluster.begin()
    try:
        yield cluster
    finally:
        cluster.kill()

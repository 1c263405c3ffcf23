"""The soak's fleet: twenty databases of four engines, from two productions into one integration."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.soaking.engine import Engine
from scripts.soaking.engines.mariadb import MariadbEngine
from scripts.soaking.engines.mongo import MongoEngine
from scripts.soaking.engines.postgresql import PostgresqlEngine
from scripts.soaking.engines.search import SearchEngine
from scripts.soaking.processes import restart, serving
from scripts.soaking.rows import CLEAN, PRIVATE, personal, wrong_with
from tests.servers.mariadb import two_servers
from tests.servers.mongod import mongod
from tests.servers.nsca import NscaServer, serving_nsca
from tests.servers.opensearch import two_nodes
from tests.servers.postgresql import two_clusters
from tests.servers.proxy import Proxy, proxying
from tests.servers.s3 import REGION, S3Server, serving_rclone

ROOT = Path(__file__).parents[2]
ROWS = range(20, 26)
"""How many rows a generation may have: never so few less that an artefact would be refused."""
COUNTS = {"postgresql": 8, "mysql": 6, "mongo": 4, "elasticsearch": 2}
SOURCES = ("production", "payments")
"""Both are protected; the first keeps artefacts in a folder, the second in a bucket."""


@dataclass(slots=True)
class Member:
    """One database: where it comes from, and how many rows each of its generations had."""

    name: str
    engine: Engine
    source: str
    known: dict[int, int] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        return max(self.known)


@dataclass(slots=True)
class Tonight:
    """What the inventories say for one night."""

    due: list[Member]
    broken: dict[str, str] = field(default_factory=dict)
    monitored: bool = True
    deadline: bool = False


@dataclass(slots=True)
class Fleet:
    """Servers, proxies before them, databases, and envsync on top."""

    folder: Path
    chance: random.Random
    engines: list[Engine]
    members: list[Member]
    proxies: dict[tuple[str, str], Proxy]
    s3: S3Server
    s3_proxy: Proxy
    bucket: str
    nsca: NscaServer
    disk: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.folder / "temporary"),
            "ENVSYNC_INVENTORY": str(self.folder / "inventories"),
            "ENVSYNC_STATE": str(self.state),
            **self.s3.environment,
        }

    def objects(self) -> list[Path]:
        """Return all files in both storages."""
        roots = (self.disk, Path(str(self.s3.folder)) / self.bucket)
        return sorted(path for root in roots for path in root.rglob("*") if path.is_file())

    def kill_s3(self) -> bool:
        """Kill the server of the bucket, and start it again."""
        pid = serving(f"127.0.0.1:{self.s3.port}")
        if pid is not None:
            restart(pid)
        return pid is not None

    def new_generation(self, member: Member, generation: int) -> None:
        """Have a production hold new data."""
        rows = self.chance.choice(ROWS)
        member.known[generation] = rows
        member.engine.fill(member.name, list(personal(generation, rows)))

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start the program; what it says goes into a file of its own."""
        log = (self.folder / "last.log").open("ab")
        return subprocess.Popen(
            (sys.executable, "-m", "envsync", *arguments),
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def write(self, tonight: Tonight) -> None:
        """Write inventories and scripts for a night."""
        for name in (*SOURCES, "integration"):
            text = json.dumps(self._inventory(name, tonight))
            (self.folder / "inventories" / f"{name}.yaml").write_text(text)
        for member in tonight.due:
            fault = tonight.broken.get(member.name)
            for suffix, text in member.engine.scripts(member.name, fault).items():
                (self.folder / "sanitisation_sql" / f"{member.name}{suffix}").write_text(text)

    def _inventory(self, environment: str, tonight: Tonight) -> dict[str, Any]:
        target = environment == "integration"
        mine = [each for each in self.members if target or each.source == environment]
        side = "integration" if target else "production"
        due = {member.name for member in tonight.due}
        text: dict[str, Any] = {
            "environment": environment,
            "protected": not target,
            "storage": self._storage(environment),
            "icinga": {
                "transport": "nsca",
                "host": "127.0.0.1",
                "port": self.nsca.port if tonight.monitored else 1,
                "config": str(self.nsca.folder / "send_nsca.cfg"),
                "report_as": "soak",
            },
            "servers": {
                engine.KIND: {
                    "dbms": engine.KIND,
                    "host": "127.0.0.1",
                    "port": self.proxies[side, engine.KIND].port,
                    "tls": "disable",
                    "machine": environment,
                    "max_parallel": 2,
                    **engine.server(side),
                }
                for engine in self.engines
            },
            "databases": {
                member.name: {
                    "server": member.engine.KIND,
                    "name": member.name,
                    "path": f"{member.engine.KIND}/{member.name}",
                    **member.engine.database(member.name),
                }
                for member in mine
            },
        }
        if target:
            text["syncs"] = {
                member.name: {
                    "from": member.source,
                    "sanitise": f"{member.name}{member.engine.SUFFIX}",
                    "ensure": "present" if member.name in due else "disabled",
                    **({"deadline": "3s"} if tonight.deadline else {}),
                }
                for member in mine
            }
        return text

    def _storage(self, environment: str) -> dict[str, Any]:
        if environment != "payments":
            return {"backend": "file", "directory": str(self.disk / environment)}
        return {
            "backend": "s3",
            "bucket": self.bucket,
            "region": REGION,
            "endpoint_url": f"http://127.0.0.1:{self.s3_proxy.port}",
        }

    def wrong(self) -> Iterator[tuple[Member, str]]:
        """Yield what is not as it must be after any night, of all databases."""
        for member in self.members:
            seen = member.engine.seen(member.name)
            fault = wrong_with(seen, member.known) if seen else "lost"
            if fault:
                yield member, fault
            if any(email.endswith(PRIVATE) for *_, email in member.engine.peeked(member.name)):
                yield member, "unsanitised"
            if member.engine.held(member.name) != member.known[member.newest]:
                yield member, "source lost"

    def stale(self, due: list[Member]) -> list[Member]:
        """Return the databases that do not serve production's newest generation."""
        return [member for member in due if self._generations(member) != {member.newest}]

    def _generations(self, member: Member) -> set[int]:
        seen = member.engine.seen(member.name)
        return set(seen.generations) if seen else set()


@contextmanager
def running_fleet(folder: Path, chance: random.Random, disk: Path) -> Iterator[Fleet]:
    """Start all servers, make and fill all databases; all is ended and removed afterwards."""
    with ExitStack() as held:
        engines: list[Engine] = [
            PostgresqlEngine(held.enter_context(two_clusters()), chance),
            MariadbEngine(held.enter_context(two_servers()), chance),
            MongoEngine(
                held.enter_context(mongod(folder / "mongo", "production")),
                held.enter_context(mongod(folder / "mongo", "integration")),
                chance,
            ),
            SearchEngine(held.enter_context(two_nodes()), chance),
        ]
        s3 = held.enter_context(serving_rclone(_made(folder / "rclone")))
        fleet = Fleet(
            folder,
            chance,
            engines,
            list(_members(engines)),
            {
                (side, engine.KIND): held.enter_context(proxying(port))
                for engine in engines
                for side, port in engine.ports.items()
            },
            s3,
            held.enter_context(proxying(s3.port)),
            s3.make_bucket(),
            held.enter_context(serving_nsca(_made(folder / "nsca"))),
            disk,
        )
        for name in ("inventories", "sanitisation_sql", "temporary", "state"):
            (folder / name).mkdir()
        for name in (*SOURCES, "integration"):
            (disk / name).mkdir()
        _begin(fleet)
        yield fleet


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _members(engines: list[Engine]) -> Iterator[Member]:
    for engine in engines:
        for number in range(COUNTS[engine.KIND]):
            name = f"soak_{engine.KIND}_{number}"
            yield Member(name, engine, SOURCES[number % len(SOURCES)])


def _begin(fleet: Fleet) -> None:
    """Make all databases, with yesterday's data at both ends, and decide on their columns."""
    for engine in fleet.engines:
        engine.create([member.name for member in fleet.members if member.engine is engine])
    for member in fleet.members:
        fleet.new_generation(member, 0)
        clean = [(n, 0, f"person-{n}{CLEAN}") for n in range(1, member.known[0] + 1)]
        member.engine.begin(member.name, clean)
        columns = fleet.folder / "sanitisation_sql" / f"{member.name}.columns.yaml"
        columns.write_text(member.engine.COLUMNS.replace("NAME", member.name))
    fleet.write(Tonight(fleet.members))

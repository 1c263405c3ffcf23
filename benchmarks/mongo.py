"""Measures envsync's MongoDB beside a plain pipeline, on two servers alone out of a wheel.

python -m benchmarks.mongo [--documents 700000] [--runs 2]

mongodump and mongorestore come from nowhere that this project may fetch from. In their place stands
a single stream of raw batches: read collection by collection through gzip -1 into a file; inserted
from it collection by collection into the live database, and indexed. envsync's storage is a folder.
What mongodump itself took was measured once, on a quiet machine with two cores: 14.3 s to push
0.96 GB, 17.8 s to pull it.
"""

import argparse
import gzip
import io
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import bson
import yaml
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from tabulate import tabulate

from tests.servers.mongod import ADMIN, Mongod, mongod

DATABASE = "content_store"
COLLECTIONS = {"documents": 3, "editions": 3, "events": 1}
"""Shares of the documents."""
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
MEASURED_ONCE = {"push": 14.3, "pull": 17.8}


def main() -> None:
    """Start the servers, fill the source, measure both ways, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=700_000)
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="envsync-bench-") as name:
        folder = Path(name)
        with (
            mongod(folder, "source") as source,
            mongod(folder, "target") as target,
        ):
            for server in (source, target):
                server.make_admin()
            size = fill(source, options.documents)
            stage = Stage(folder, source, target, options.documents)
            stage.write_inventories()
            print(f"{size / 1e9:.2f} GB, {options.documents:,} documents")
            print(measured(stage, options.runs))


def fill(server: Mongod, documents: int) -> int:
    """Fill the source; return the bytes of its documents."""
    randomness = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(randomness.choices(letters, k=randomness.randint(3, 9))) for _ in range(4000)]
    bodies = [" ".join(randomness.choices(words, k=220)) for _ in range(500)]
    with server.client() as client:
        database = client[DATABASE]
        for name, share in COLLECTIONS.items():
            count = documents * share // sum(COLLECTIONS.values())
            for begin in range(0, count, 2000):
                database[name].insert_many(
                    {
                        "n": n,
                        "base_path": f"/government/{n}",
                        "email": f"p{n}@private.example",
                        "body": randomness.choice(bodies)[: randomness.randint(1000, 1500)],
                    }
                    for n in range(begin, min(begin + 2000, count))
                )
            database[name].create_index("base_path")
            database[name].create_index([("n", 1), ("email", 1)])
        return int(database.command("dbStats")["dataSize"])


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the pipelines run."""

    folder: Path
    source: Mongod
    target: Mongod
    documents: int

    def write_inventories(self) -> None:
        """Write what envsync must know."""
        (self.folder / "inventories").mkdir()
        (self.folder / "sanitisation_sql").mkdir()
        sync = {"from": "production", "sanitise": "never", "because": "a benchmark"}
        edges: dict[str, dict[str, object]] = {
            "production": {},
            "integration": {"syncs": {"app": sync}},
        }
        for name, server in (("production", self.source), ("integration", self.target)):
            (self.folder / "artefacts" / name).mkdir(parents=True)
            inventory = {
                "environment": name,
                "protected": False,
                "storage": {"backend": "file", "directory": str(self.folder / "artefacts" / name)},
                "servers": {"mongo": _server(server)},
                "databases": {"app": {"server": "mongo", "name": DATABASE, "path": name}},
                **edges[name],
            }
            (self.folder / "inventories" / f"{name}.yaml").write_text(yaml.safe_dump(inventory))


def _server(server: Mongod) -> dict[str, object]:
    return {
        "dbms": "mongo",
        "host": "127.0.0.1",
        "port": server.port,
        "user": ADMIN,
        "password": {"file": str(server.folder / "password")},
        "tls": "disable",
        "machine": "here",
    }


def plain_push(stage: Stage) -> None:
    """Read collection by collection through gzip -1 into one file: one stream."""
    with (
        stage.source.client() as client,
        gzip.open(stage.folder / "plain.gz", "wb", compresslevel=1) as out,
    ):
        for name in COLLECTIONS:
            out.writelines(_raw(client[DATABASE].get_collection(name)))


def _raw(collection: Collection[Any]) -> Iterator[bytes]:
    yield from collection.find_raw_batches(batch_size=5000)


def plain_pull(stage: Stage) -> None:
    """Drop, insert what the file holds, collection by collection, then index: one stream."""
    with (
        stage.target.client() as client,
        gzip.open(stage.folder / "plain.gz", "rb") as stream,
    ):
        documents = bson.decode_file_iter(io.BufferedReader(stream), RAW)
        for name, share in COLLECTIONS.items():
            collection = client[DATABASE].get_collection(name, RAW)
            collection.drop()
            left = stage.documents * share // sum(COLLECTIONS.values())
            while some := list(islice(documents, min(left, 1000))):
                collection.insert_many(some, ordered=False)
                left -= len(some)
            collection.create_index("base_path")
            collection.create_index([("n", 1), ("email", 1)])


def _envsync(stage: Stage, *arguments: str) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "envsync", *arguments),
        env=os.environ
        | {
            "ENVSYNC_INVENTORY": str(stage.folder / "inventories"),
            "ENVSYNC_STATE": str(stage.folder / "state"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"envsync {arguments[0]} failed:\n{done.stderr}")


def measured(stage: Stage, runs: int) -> str:
    """Run both in turns; return a table of seconds, and of envsync's peak memory."""
    ways: dict[tuple[str, str], Callable[[], None]] = {
        ("plain", "push"): lambda: plain_push(stage),
        ("plain", "pull"): lambda: plain_pull(stage),
        ("envsync", "push"): lambda: _envsync(stage, "push", "app", "--env", "production"),
        ("envsync", "pull"): lambda: _envsync(stage, "pull", "app", "--env", "integration"),
    }
    seconds: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, act in ways.items():
            os.sync()
            begun = time.monotonic()
            act()
            seconds[way].append(time.monotonic() - begun)
            print(f"{' '.join(way)}: {seconds[way][-1]:.1f} s", file=sys.stderr, flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    rows = [
        (verb, MEASURED_ONCE[verb], *(median(seconds[who, verb]) for who in ("plain", "envsync")))
        for verb in ("push", "pull")
    ]
    head = ("seconds", "mongodump, once", "plain", "envsync")
    return f"{tabulate(rows, head, floatfmt='.1f')}\nlargest child process: {peak:.0f} MiB"


if __name__ == "__main__":
    main()

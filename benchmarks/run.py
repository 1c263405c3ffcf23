"""Measures envsync beside the incumbents' pipelines: the same database, one machine, one run.

python -m benchmarks.run --size 1.3GB --runs 2 [--only incumbents] [--s3 radosgw] [--write]
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg

from benchmarks.generate import fill
from benchmarks.measure import measure, say
from benchmarks.pipelines import DATABASE, ENVSYNC, INCUMBENTS, Pipeline, Stage, write_inventories
from benchmarks.radosgw import radosgw
from benchmarks.results import Setting, page, versions
from benchmarks.s3 import S3Server, rclone
from benchmarks.servers import PostgresServer, postgres

PAGE = Path(__file__).with_name("RESULTS.md")
S3: Mapping[str, Callable[[Path], AbstractContextManager[S3Server]]] = {
    "rclone": rclone,
    "radosgw": radosgw,
}
ONLY: Mapping[str, tuple[Pipeline, ...]] = {
    "all": (*INCUMBENTS, ENVSYNC),
    "incumbents": INCUMBENTS,
    "envsync": (ENVSYNC,),
}
UNITS = {"MB": 10**6, "GB": 10**9}


def main() -> None:
    """Start the servers, fill the source, measure every pipeline, print the page."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="envsync-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (
            postgres(folder / "source") as source,
            postgres(folder / "target") as target,
            S3[options.s3](folder / "s3") as s3,
        ):
            stage = Stage(source, target, s3, folder)
            target.replace(DATABASE)
            size = _fill(source, options.size)
            write_inventories(stage)
            results = measure(stage, ONLY[options.only], options.runs)
            text = page(results, Setting(size, s3.name, load, _versions(stage)))
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=_size, default="1.3GB", help="of the database, as 1.3GB")
    parser.add_argument("--runs", type=int, default=2, help="how often each is measured")
    parser.add_argument("--only", choices=ONLY, default="all")
    parser.add_argument("--s3", choices=S3, default="rclone", help="the S3 server to use")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} as well")
    return parser.parse_args()


def _size(text: str) -> int:
    return int(float(text[:-2]) * UNITS[text[-2:].upper()])


def _fill(server: PostgresServer, size: int) -> int:
    """Fill the source; return the bytes it takes there."""
    started = time.monotonic()
    server.replace(DATABASE)
    with psycopg.connect(server.conninfo(DATABASE)) as connection:
        fill(connection, size)
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    server.execute(DATABASE, "VACUUM ANALYZE")
    say(f"filled the source in {time.monotonic() - started:.1f} s")
    return int(row[0]) if row else 0


def _versions(stage: Stage) -> tuple[str, ...]:
    return versions(
        (stage.source.program("postgres"), "--version"),
        (stage.s3.program, "version" if stage.s3.name == "rclone" else "--version"),
        (sys.executable, "-m", "envsync", "--version"),
    )


if __name__ == "__main__":
    main()

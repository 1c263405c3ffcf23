"""Measures envsync beside mysqldump's pipelines on MariaDB: the same data, one machine, one run.

python -m benchmarks.mysql --size 1GB --runs 2 [--only incumbents]
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
import yaml
from tabulate import tabulate

from benchmarks.measure import say
from benchmarks.pipelines import envsync_run
from benchmarks.processes import pipe
from benchmarks.s3 import BUCKET, S3Server, rclone
from scripts.engines.mysql import Server, servers

SOURCE, TARGET, KEY = "bench_production", "bench_integration", "bench"
UNITS = {"MB": 10**6, "GB": 10**9}
_BYTES_PER_DOCUMENT = 4_800
_EVERY = 0.01
_SCRIPT = "UPDATE events SET payload = '{}' WHERE id % 10 = 0;\n"
_CHECKS = "SELECT id FROM events WHERE id % 10 = 0 AND payload <> '{}' LIMIT 1;\n"
_SCHEMA = """
CREATE TABLE editions (id int AUTO_INCREMENT PRIMARY KEY, content_id char(36) NOT NULL,
  title varchar(255), body mediumtext, state varchar(20), updated_at datetime, user_id int,
  KEY (content_id), KEY (state, updated_at), KEY (user_id, state), UNIQUE KEY (content_id, id));
CREATE TABLE events (id bigint AUTO_INCREMENT PRIMARY KEY, action varchar(40), payload longtext,
  content_id char(36), created_at datetime, KEY (action, created_at), KEY (content_id));
CREATE TABLE links (id int AUTO_INCREMENT PRIMARY KEY, source char(36), target char(36),
  kind varchar(30), position int, KEY (source), KEY (target, kind))
"""
_FILL = """
INSERT INTO editions (content_id, title, body, state, updated_at, user_id)
SELECT md5(seq), concat('Title ', seq), concat('<p>', sha2(seq, 512),
  repeat(concat(md5(mod(seq, 977)),  ' it''s some "text"\\n'), 12), sha2(seq + 1000000, 512),
  sha2(seq * 13, 512), sha2(seq * 7, 512), '</p>'), elt(1 + mod(seq, 4), 'draft',
  'published', 'superseded',
  'withdrawn'), '2020-01-01' + INTERVAL seq SECOND, mod(seq, 1000) FROM seq_1_to_{documents};
INSERT INTO events (action, payload, content_id, created_at)
SELECT elt(1 + mod(seq, 3), 'Publish', 'PutContent', 'PatchLinkSet'), concat('{{"title":"',
  sha2(seq, 256), '","body":"', sha2(seq * 7, 512), sha2(seq * 5, 512),
  repeat('body ', 40), '"}}'), md5(seq),
  '2020-01-01' + INTERVAL seq SECOND FROM seq_1_to_{events};
INSERT INTO links (source, target, kind, position) SELECT md5(seq), md5(seq * 3),
  elt(1 + mod(seq, 3), 'parent', 'taxons', 'organisations'), mod(seq, 50) FROM seq_1_to_{links}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the pipelines run: two servers, a storage, and a folder for files."""

    source: Server
    target: Server
    s3: S3Server
    folder: Path

    def s5cmd(self, *arguments: str) -> tuple[str, ...]:
        program = str(Path(sys.executable).with_name("s5cmd"))
        return (program, "--endpoint-url", self.s3.url, *arguments)


Act = Callable[[Stage], int]


def main() -> None:
    """Start the servers, fill the source, measure every pipeline, print what was measured."""
    options = _options()
    pipelines = {
        "(a) mysqldump | gzip": (_push_gzipped("-6"), _pull_gzipped("-6")),
        "(b) mysqldump | gzip -1": (_push_gzipped("-1"), _pull_gzipped("-1")),
        "envsync": (_envsync("push", "production"), _envsync("pull", "integration")),
    }
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="envsync-bench-") as name:
        folder = Path(name)
        with servers(folder) as (source, target), rclone(folder / "s3") as s3:
            stage = Stage(source, target, s3, folder)
            size = _fill(stage, options.size)
            _write_inventories(stage)
            say(f"{size / 1e9:.2f} GB, load {load:.1f} before")
            rows = [
                _measured(title, acts, stage, options.runs)
                for title, acts in pipelines.items()
                if options.only in {"all", title.split()[0]}
                or (options.only == "incumbents" and title != "envsync")
            ]
    heads = ("pipeline", "push s", "pull s", "own memory MB", "unreadable s")
    print(tabulate(rows, heads, floatfmt=".1f"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=_size, default="1GB", help="of the database, as 1GB")
    parser.add_argument("--runs", type=int, default=2, help="how often each is measured")
    parser.add_argument("--only", choices=("all", "incumbents", "envsync"), default="all")
    return parser.parse_args()


def _size(text: str) -> int:
    return int(float(text[:-2]) * UNITS[text[-2:].upper()])


def _fill(stage: Stage, size: int) -> int:
    """Fill the source, and give the target something that a reader can read."""
    documents = max(1, size // _BYTES_PER_DOCUMENT)
    filling = _FILL.format(documents=documents, events=2 * documents, links=6 * documents)
    for server, name, statements in (
        (stage.source, SOURCE, f"{_SCHEMA};\n{filling}"),
        (stage.target, TARGET, f"{_SCHEMA};\n{_FILL.format(documents=1, events=1, links=1)}"),
    ):
        with server.connected(None) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            cursor.execute(f"USE {name}")
            for statement in statements.split(";\n"):
                cursor.execute(statement)
    with stage.source.connected(SOURCE) as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE editions, events, links")
        cursor.execute(
            "SELECT sum(data_length + index_length) FROM information_schema.tables"
            f" WHERE table_schema = '{SOURCE}'"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _measured(
    title: str, acts: tuple[Act, Act], stage: Stage, runs: int
) -> tuple[str, float, float, float, float]:
    """Return the best of all runs; the reader watches the last pull."""
    push, pull = acts
    pushes, pulls, peak, gap = [], [], 0, 0.0
    for _ in range(runs):
        os.sync()
        started = time.monotonic()
        peak = max(peak, push(stage))
        pushes.append(time.monotonic() - started)
        os.sync()
        with _reader(stage.target) as seen:
            started = time.monotonic()
            peak = max(peak, pull(stage))
            pulls.append(time.monotonic() - started)
        gap = seen.longest
        say(f"{title}: push {pushes[-1]:.1f} s, pull {pulls[-1]:.1f} s, unreadable {gap:.2f} s")
    return title, min(pushes), min(pulls), peak / 1e6, gap


@dataclass(slots=True)
class _Seen:
    longest: float = 0.0
    since: float = field(default_factory=time.monotonic)


@contextmanager
def _reader(server: Server) -> Iterator[_Seen]:
    """Read a row of every table every 10 ms; tell how long that did not go at most."""
    seen, done = _Seen(), threading.Event()

    def read() -> None:
        while not done.is_set():
            answered = _answers(server)
            now = time.monotonic()
            seen.longest = max(seen.longest, now - seen.since)
            seen.since = now if answered else seen.since
            time.sleep(_EVERY)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _answers(server: Server) -> bool:
    try:
        with server.connected(TARGET) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM editions) AND EXISTS (SELECT 1 FROM events)"
                " AND EXISTS (SELECT 1 FROM links)"
            )
            return cursor.fetchone() == (1,)
    except pymysql.Error:
        return False


def _push_gzipped(level: str) -> Act:
    def push(stage: Stage) -> int:
        socket = f"--socket={stage.source.socket}"
        pipe(
            ("mariadb-dump", "--no-defaults", socket, "-uroot", "--single-transaction", SOURCE),
            ("gzip", level),
            stage.s5cmd("pipe", f"s3://{BUCKET}/dump{level}.sql.gz"),
            environment=_environment(stage),
        )
        return 0

    return push


def _pull_gzipped(level: str) -> Act:
    def pull(stage: Stage) -> int:
        with stage.target.connected(None) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {TARGET}")
            cursor.execute(f"CREATE DATABASE {TARGET} CHARACTER SET utf8mb4")
        pipe(
            stage.s5cmd("cat", f"s3://{BUCKET}/dump{level}.sql.gz"),
            ("gzip", "-d"),
            ("mariadb", "--no-defaults", f"--socket={stage.target.socket}", "-uroot", TARGET),
            environment=_environment(stage),
        )
        with stage.target.connected(TARGET) as connection, connection.cursor() as cursor:
            cursor.execute(_SCRIPT)
        return 0

    return pull


def _environment(stage: Stage) -> dict[str, str]:
    return {"PATH": os.environ["PATH"]} | stage.s3.environment


def _envsync(verb: str, environment: str) -> Act:
    return lambda stage: envsync_run(stage.folder, stage.s3, verb, KEY, "--env", environment)


def _write_inventories(stage: Stage) -> None:
    """Write what envsync must know, into the stage's folder."""
    for folder in ("inventories", "sanitisation_sql"):
        (stage.folder / folder).mkdir()
    (stage.folder / "sanitisation_sql" / "clean.sql").write_text(_SCRIPT)
    (stage.folder / "sanitisation_sql" / "clean.checks.sql").write_text(_CHECKS)
    sync = {"from": "production", "sanitise": "clean.sql", "coverage": "warn"}
    more: Sequence[tuple[str, Server, str, dict[str, object]]] = (
        ("production", stage.source, SOURCE, {"protected": True}),
        ("integration", stage.target, TARGET, {"protected": False, "syncs": {KEY: sync}}),
    )
    for name, server, schema, rest in more:
        inventory = {
            "environment": name,
            "storage": {
                "backend": "s3",
                "bucket": BUCKET,
                "region": "us-east-1",
                "endpoint_url": stage.s3.url,
                "checksums": "when_required",
            },
            "servers": {"mysql": {**server.inventory, "machine": "here"}},
            "databases": {KEY: {"server": "mysql", "name": schema, "path": name}},
            **rest,
        }
        (stage.folder / "inventories" / f"{name}.yaml").write_text(yaml.safe_dump(inventory))


if __name__ == "__main__":
    main()

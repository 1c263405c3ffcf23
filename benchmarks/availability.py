"""Watches a database as an application would: connects every 10 ms and reads a little.

    python -m benchmarks.availability CONNINFO

Says "watching" once the database answers; when it is terminated, it says in JSON what it saw.
"""

import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from types import FrameType

import psycopg

EVERY = 0.01
READ = (
    "SELECT EXISTS (SELECT FROM documents) AND EXISTS (SELECT FROM editions)"
    " AND EXISTS (SELECT FROM events) AND EXISTS (SELECT FROM links)"
)
READ_SECRETS = "SELECT EXISTS (SELECT FROM access_limits)"


@dataclass(slots=True)
class Seen:
    """What was seen so far: how long the database could not be read, how long secrets could."""

    answers: int = 0
    longest_gap: float = 0.0
    exposed: float = 0.0
    last_answer: float = 0.0
    last_look: float = 0.0

    def look(self, conninfo: str) -> None:
        """Connect once; a database that answers without its rows does not count as there."""
        readable, exposed = _read(conninfo)
        now = time.monotonic()
        if self.answers:
            self.longest_gap = max(self.longest_gap, now - self.last_answer)
            self.exposed += (now - self.last_look) if exposed else 0
        if readable:
            self.answers, self.last_answer = self.answers + 1, now
        self.last_look = now


def watch(conninfo: str) -> Seen:
    """Look every 10 ms until the process is terminated."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    seen = Seen()
    while not stopping:
        started = time.monotonic()
        first = seen.answers == 0
        seen.look(conninfo)
        if first and seen.answers:
            print("watching", flush=True)
        time.sleep(max(0.0, EVERY - (time.monotonic() - started)))
    return seen


def _read(conninfo: str) -> tuple[bool, bool]:
    """Tell whether the rows are there, and whether any that only some may see are."""
    readable = exposed = False
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            exposed = connection.execute(READ_SECRETS).fetchone() == (True,)
            readable = connection.execute(READ).fetchone() == (True,)
    except psycopg.Error:
        return False, exposed
    return readable, exposed


if __name__ == "__main__":
    print(json.dumps(asdict(watch(sys.argv[1]))))

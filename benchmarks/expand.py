"""Measures the expansion of an inventory of 10,000 databases, in milliseconds.

python -m benchmarks.expand
"""

import time
from itertools import pairwise
from statistics import median

from envsync.inventory.model import (
    Database,
    Dbms,
    Environment,
    Inventory,
    NeverSanitise,
    Options,
    Server,
    Sync,
)
from envsync.places import Endpoint, FileStorage
from envsync.plan.expand import expand

DATABASES = 10_000
RUNS = 5


def inventory(count: int) -> Inventory:
    """Return so many databases in production, each synced to staging, and from there on."""
    environments = tuple(
        Environment(name, name == "production", FileStorage(f"/{name}"))
        for name in ("production", "staging", "integration")
    )
    columns = [_databases(environment, count) for environment in environments]
    syncs = (
        Sync(source, target, NeverSanitise("made up"), None, Options(f"{target}"))
        for sources, targets in pairwise(columns)
        for source, target in zip(sources, targets, strict=True)
    )
    databases = (database for column in columns for database in column)
    return Inventory(environments, tuple(databases), tuple(syncs))


def _databases(environment: Environment, count: int) -> list[Database]:
    server = Server(Dbms.POSTGRESQL, Endpoint("server", "host", 5432), "machine")
    return [
        Database(f"database_{number}", environment, server, f"name_{number}", "path")
        for number in range(count)
    ]


def main() -> None:
    """Expand several times; print the median."""
    large = inventory(DATABASES)
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        plan = expand(large)
        seconds.append(time.perf_counter() - started)
    print(
        f"{DATABASES:,} databases in three environments: {len(plan.steps):,} steps in "
        f"{median(seconds) * 1000:,.0f} ms (median of {RUNS})"
    )


if __name__ == "__main__":
    main()

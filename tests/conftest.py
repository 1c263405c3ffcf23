"""The real servers that any test may ask for by name, and which tests begin."""

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure, and what was drawn today is drawn tomorrow; with
# --hypothesis-profile=default something else is drawn each time.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

pytest_plugins = [
    "tests.servers.icinga",
    "tests.servers.mariadb",
    "tests.servers.mongod",
    "tests.servers.nsca",
    "tests.servers.opensearch",
    "tests.servers.postgresql",
    "tests.servers.radosgw",
    "tests.servers.rsync",
    "tests.servers.s3",
]
SLOW_FIRST = ("failures", "live", "security", "properties", "gateways")
"""Folders of tests, in the order they begin: a long one begun last is waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders of long tests; the tests of a file stay in their order."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    return SLOW_FIRST.index(folder) if folder in SLOW_FIRST else len(SLOW_FIRST)

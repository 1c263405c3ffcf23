"""The real servers that any test may ask for by name, and which tests run beside each other."""

import pytest

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
SEARCH = "opensearch"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together, and all of search clusters, which take long to start."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=_rank)


def _group(item: pytest.Item) -> str:
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else ()
    return SEARCH if SEARCH in fixtures else str(item.path.relative_to(item.config.rootpath))


def _rank(item: pytest.Item) -> int:
    if _group(item) == SEARCH:
        return 0
    folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    return 1 + (SLOW_FIRST.index(folder) if folder in SLOW_FIRST else len(SLOW_FIRST))

"""The site every live test starts from; dropped from the shared servers at its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.site import Site, make_site
from tests.servers.postgresql import Postgresql


@pytest.fixture
def site(tmp_path: Path, postgresql: Postgresql) -> Iterator[Site]:
    made = make_site(tmp_path, postgresql)
    yield made
    for server in (made.production, made.integration):
        for (name,) in server.run("SELECT datname FROM pg_database"):
            if name.startswith(made.target):
                server.run(f'DROP DATABASE "{name}" WITH (FORCE)')

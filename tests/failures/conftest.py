"""The scenes that tests of failures start from; what they made goes with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.postgresql_scene import PostgresqlScene, postgresql_scene
from tests.servers.postgresql import Postgresql


@pytest.fixture
def scene(tmp_path: Path, postgresql: Postgresql) -> Iterator[PostgresqlScene]:
    with postgresql_scene(tmp_path, postgresql.production, postgresql.integration) as made:
        yield made

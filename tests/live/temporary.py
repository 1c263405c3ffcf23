"""Sites that take what they made along when they go: the servers are shared by all tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from envsync.commands.postgresql_text import quoted
from tests.live.site import Site, make_site
from tests.servers.postgresql import Postgresql


@contextmanager
def temporary_site(
    folder: Path, postgresql: Postgresql, storage: dict[str, Any] | None = None
) -> Iterator[Site]:
    """Make a site; its databases, under whatever name a test gave them, are dropped at the end."""
    made = make_site(folder, postgresql, storage)
    name = made.target
    try:
        yield made
    finally:
        for server in (made.production, made.integration):
            for (found,) in server.run("SELECT datname FROM pg_database"):
                if found.startswith(name):
                    server.run(f"DROP DATABASE {quoted(found)} WITH (FORCE)")

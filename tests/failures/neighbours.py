"""A second database beside that of a scene, in both environments and independent of the first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.failures.postgresql_scene import PostgresqlScene

SCRIPT = "neighbour.sql"
CLEAN = "UPDATE people SET email = 'person-' || id || '@example.com';\n"


class Neighbour:
    """The second database, called `neighbour` in the inventory; its script is its own."""

    def __init__(self, scene: PostgresqlScene) -> None:
        self.scene = scene
        self.name = f"beside_{scene.site.target}"

    def write(self, **changes: dict[str, Any]) -> None:
        """Write inventories with both databases, each changed as a test says."""
        here = {"server": "postgres", "name": self.name, "path": "neighbour"}
        both = {"servers.postgres.max_parallel": 4, "databases.neighbour": here}
        edge = {"from": "production", "sanitise": SCRIPT}
        owner = {"databases.neighbour.owner": self.scene.site.owner}
        integration = {**both, **owner, "syncs.neighbour": edge}
        self.scene.site.write(
            production={**both, **changes.get("production", {})},
            integration={**integration, **changes.get("integration", {})},
        )

    def script(self, text: str = CLEAN) -> None:
        (self.scene.folder / "sanitisation_sql" / SCRIPT).write_text(text)

    def tables(self) -> int:
        """Count the tables of the live one: none before its first pull."""
        query = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ((found,),) = self.scene.site.integration.run(query, self.name)
        return int(found)


@contextmanager
def with_neighbour(scene: PostgresqlScene) -> Iterator[Neighbour]:
    """Add the neighbour to a scene's servers and inventories, until the end."""
    site, made = scene.site, Neighbour(scene)
    site.integration.run(f'CREATE DATABASE "{made.name}" OWNER "{site.owner}"')
    site.production.run(f'CREATE DATABASE "{made.name}" TEMPLATE "{site.source}"')
    made.script()
    made.write()
    yield made
    for server in (site.production, site.integration):
        for suffix in ("", "__previous", "__incoming", "__discarded"):
            server.run(f'DROP DATABASE IF EXISTS "{made.name}{suffix}" WITH (FORCE)')

"""Scenes whose servers are reached through gates, so that their steps can be stopped anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.stages import Steps
from tests.live.temporary import temporary_site
from tests.servers import wire
from tests.servers.gate import gate
from tests.servers.postgresql import Postgresql, PostgresqlServer
from tests.servers.s3 import S3Server


@contextmanager
def gated_postgresql(
    folder: Path,
    production: PostgresqlServer,
    integration: PostgresqlServer,
    s3: S3Server | None = None,
) -> Iterator[Steps[PostgresqlScene]]:
    """Make a scene on two servers, and on S3 if asked for, each behind a gate."""
    with temporary_site(folder, Postgresql(production, integration)) as site:
        scene = PostgresqlScene(site)
        steps = Steps(scene, folder / "log")
        with (
            gate(steps.gates, production.port, wire.Postgresql) as first,
            gate(steps.gates, integration.port, wire.Postgresql) as second,
        ):
            scene.through(first, second)
            if s3 is None:
                yield steps
                return
            with gate(steps.gates, s3.port, wire.Http) as third:
                scene.store_in(s3, s3.at(third))
                yield steps

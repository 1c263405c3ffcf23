"""F29: an upload of more than 10,000 parts: their size is chosen from the size that was seen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.aftermath import assert_nothing_left
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.storages import half_objects
from tests.live.temporary import temporary_site
from tests.servers.postgresql import Postgresql
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

MIB = 1 << 20
HUGE = 90 * 10**9
"""Bytes of which parts of 8 MiB would be too many, of 12 MiB few enough."""
NOISE = (
    "CREATE TABLE noise AS SELECT n, (SELECT string_agg(md5(random()::text || m || n), '') "
    "FROM generate_series(1, 100) m) FROM generate_series(1, 10000) n"
)
"""Some 16 MB that zstd cannot make much smaller than hexadecimal digits allow."""


@pytest.fixture
def on_s3(
    tmp_path: Path, postgresql: Postgresql, moto_server: S3Server
) -> Iterator[PostgresqlScene]:
    storage = {
        "backend": "s3",
        "bucket": moto_server.make_bucket(),
        "region": "eu-west-1",
        "endpoint_url": moto_server.endpoint_url,
    }
    with temporary_site(tmp_path, postgresql, storage) as site:
        site.environment |= moto_server.environment
        yield PostgresqlScene(site)


def announce(scene: PostgresqlScene, size: int) -> Path:
    """Make the source as large as the server can see, by a file of holes in its folder."""
    (found,) = scene.site.production.run(
        f"SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database "
        f"WHERE datname = '{scene.site.source}'"
    )
    file = Path(found[0]) / "holes"
    with file.open("wb") as holes:
        holes.truncate(size)
    return file


def first_part(server: S3Server, bucket: str) -> int:
    """Return the size of the first part of the newest artefact."""
    client = server.client()
    objects = client.list_objects_v2(Bucket=bucket)["Contents"]
    newest = max(each["Key"] for each in objects if each["Key"].endswith(".zst"))
    head = client.head_object(Bucket=bucket, Key=newest, PartNumber=1)
    return head["ContentLength"]


@pytest.mark.parametrize(("announced", "part"), [(0, 8 * MIB), (HUGE, 12 * MIB)])
def test_parts_are_as_large_as_the_source_asks_for(
    on_s3: PostgresqlScene, moto_server: S3Server, announced: int, part: int
) -> None:
    scene, bucket = on_s3, on_s3.site.storage["bucket"]
    scene.site.production.run(NOISE, scene.site.source)
    holes = announce(scene, announced)
    try:
        ran = scene.run("push", "app", "--env", "production")
    finally:
        holes.unlink()
    assert (ran.code, first_part(moto_server, bucket)) == (0, part), ran.err
    pulled = scene.run("sync", "app")
    assert (pulled.code, scene.served()) == (0, scene.fresh()), pulled.err
    assert half_objects(moto_server, bucket) == []
    assert_nothing_left(scene)

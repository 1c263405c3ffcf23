"""F4: the copy belongs to whom the inventory says, or it is never promoted."""

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.postgresql_scene import PostgresqlScene

pytestmark = pytest.mark.live

MIGRATION = "ALTER TABLE people ADD phone text; CREATE TABLE phones (n int)"


def test_a_table_of_another_owner_is_found_before_the_promote(scene: PostgresqlScene) -> None:
    old, other = scene.served(), scene.site.integration.role("other")
    scene.site.integration.run(f'GRANT "{other}" TO "{scene.site.owner}"')
    scene.next_run(
        f'CREATE SCHEMA theirs; GRANT CREATE ON SCHEMA theirs TO "{other}"; '
        f'CREATE TABLE theirs.notes (); ALTER TABLE theirs.notes OWNER TO "{other}";\n'
    )
    ended = scene.run("sync", "app")
    assert f"theirs.notes (owned by {other})" in ended.err
    scene.next_run()
    assert_aftermath(scene, ended, old)


def test_the_application_can_migrate_every_copy(scene: PostgresqlScene) -> None:
    reader = scene.site.integration.role("reader")
    scene.site.integration.run(
        f'GRANT SELECT ON people TO "{reader}"', scene.site.target, scene.site.owner
    )
    for _ in range(2):
        ended = scene.run("sync", "app")
        scene.site.integration.run("SELECT 1 FROM people", scene.site.target, reader)
        scene.site.integration.run(MIGRATION, scene.site.target, scene.site.owner)
        assert_aftermath(scene, ended, None, Serves.FRESH)

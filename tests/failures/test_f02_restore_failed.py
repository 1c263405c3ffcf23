"""F2: the restore fails, and the old database is still all that anybody sees."""

import pytest

from tests.failures.aftermath import assert_aftermath, assert_unharmed
from tests.failures.postgresql_scene import PostgresqlScene

pytestmark = pytest.mark.live

FAULTS = {
    "before the rows": "CREATE FUNCTION old() RETURNS int LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'",
    "after the rows": "CREATE TABLE bad (n int CHECK (current_database() NOT LIKE '%incoming'));"
    "INSERT INTO bad VALUES (1)",
}
MENDED = "DROP FUNCTION IF EXISTS old(); DROP TABLE IF EXISTS bad"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_restore_that_fails_leaves_the_old_database_live(
    scene: PostgresqlScene, fault: str
) -> None:
    old = scene.served()
    production = scene.site.production
    production.run(FAULTS[fault], scene.site.source)
    ended = scene.run("sync", "app")
    assert_unharmed(scene, ended, old)
    assert scene.site.databases() == {"live"}
    production.run(MENDED, scene.site.source)
    assert_aftermath(scene, ended, old)

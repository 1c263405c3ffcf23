"""F10: a part of a name is never taken for the name: `licensify` for `licensify-refdata`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.postgresql_scene import PostgresqlScene, postgresql_scene
from tests.servers.postgresql import Postgresql

pytestmark = pytest.mark.live

OTHERS = {"app_refdata": "-refdata", "app_": "_", "application": "lication", "app1": ".dump"}
"""Databases by their keys, with what their real names have behind the name."""
REFDATA = """
CREATE TABLE people (id int, email text, town text);
INSERT INTO people VALUES (0, 'reference@private.example', 'Reference');
"""


@pytest.fixture
def scene(tmp_path: Path, postgresql: Postgresql) -> Iterator[PostgresqlScene]:
    """A scene whose source has neighbours with longer names, keys and newer artefacts."""
    with postgresql_scene(tmp_path, postgresql.production, postgresql.integration) as made:
        site = made.site
        for key, suffix in OTHERS.items():
            name = f"{site.source}{suffix}"
            site.production.run(f'CREATE DATABASE "{name}"')
            site.production.run(REFDATA, name)
            place = {"server": "postgres", "name": name, "path": "postgresql-backend"}
            made.change("production", f"databases.{key}", place)
            made.change("production", f"backups.{key}", {"at": "01:00"})
        assert made.run("push", "app", "--env", "production").code == 0
        for key in OTHERS:
            ran = made.run("push", key, "--env", "production")
            assert ran.code == 0, ran.err
        yield made


def test_a_pull_takes_its_own_artefact_though_longer_names_have_newer_ones(
    scene: PostgresqlScene,
) -> None:
    listed = scene.site.run("backups", "app", "--env", "production").out
    assert len([line for line in listed.splitlines() if line.startswith("20")]) == 1, listed
    ended = scene.run("pull", "app")
    assert_aftermath(scene, ended, None, Serves.FRESH, again=("pull", "app"))


@pytest.mark.parametrize("name", ["ap", "app_ref", "refdata", "APP"])
def test_a_part_of_a_key_is_refused(scene: PostgresqlScene, name: str) -> None:
    old = scene.served()
    for request in (("pull", name), ("push", name, "--env", "production"), ("history", name)):
        ended = scene.run(*request)
        assert (ended.code, name in ended.err) == (2, True), ended.err
    assert scene.served() == old

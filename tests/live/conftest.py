"""The sites live tests start from; dropped from the shared servers at their end."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.mongo_site import MongoSite
from tests.live.mongo_site import mongo_site as temporary_mongo_site
from tests.live.scratch import Scratch, make_scratch
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.servers.mongod import Mongo
from tests.servers.postgresql import Postgresql, PostgresqlServer


@pytest.fixture
def site(tmp_path: Path, postgresql: Postgresql) -> Iterator[Site]:
    with temporary_site(tmp_path, postgresql) as made:
        yield made


@pytest.fixture(scope="module")
def pushed_once(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> Iterator[Site]:
    """One site for the tests of a module, with one artefact in its storage."""
    with temporary_site(tmp_path_factory.mktemp("site"), postgresql) as made:
        ran = made.run("push", "app", "--env", "production")
        assert ran.code == 0, ran.err
        shutil.copytree(made.folder / "artefacts", made.folder / "pristine")
        yield made


@pytest.fixture
def pushed(pushed_once: Site) -> Iterator[Site]:
    """The module's site with its artefact, for tests after which yesterday's data is still live.

    Its storage, inventories and scripts are put back afterwards.
    """
    yield pushed_once
    shutil.rmtree(pushed_once.folder / "artefacts")
    shutil.copytree(pushed_once.folder / "pristine", pushed_once.folder / "artefacts")
    pushed_once.write()
    pushed_once.script()


@pytest.fixture
def scratch(scratch_postgresql: PostgresqlServer) -> Scratch:
    return make_scratch(scratch_postgresql)


@pytest.fixture
def mongo_site(tmp_path: Path, mongo: Mongo) -> Iterator[MongoSite]:
    with temporary_mongo_site(tmp_path, mongo) as made:
        yield made

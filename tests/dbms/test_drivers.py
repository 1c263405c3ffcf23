"""Each kind of server has a driver: a module that has all of its functions, as types tell."""

from dataclasses import replace

import pytest

from envsync.dbms import elasticsearch, mongo, mysql, postgresql
from envsync.dbms.drivers import Driver, driver
from envsync.inventory.model import Dbms
from tests.fleet import PRODUCTION, database

DRIVERS: dict[Dbms, Driver] = {
    Dbms.POSTGRESQL: postgresql,
    Dbms.MYSQL: mysql,
    Dbms.MONGO: mongo,
    Dbms.ELASTICSEARCH: elasticsearch,
}


@pytest.mark.parametrize("dbms", Dbms)
def test_a_database_is_driven_by_its_engine(dbms: Dbms) -> None:
    app = database("app", PRODUCTION)
    assert driver(replace(app, server=replace(app.server, dbms=dbms))) is DRIVERS[dbms]

"""Claims that end with their step: that is told as the step's end, not as another run's doing."""

import pytest

from envsync.commands import mysql as my
from envsync.commands import postgresql as pg
from envsync.errors import InterruptedStepError
from envsync.gateways.mysql import schemas
from envsync.gateways.postgresql import databases
from envsync.gateways.scope import Scope
from tests.servers.mariadb import Mariadb
from tests.servers.postgresql import Postgresql

pytestmark = pytest.mark.live

SIGNAL = "interrupted by SIGTERM"


def test_on_postgresql(postgresql: Postgresql) -> None:
    scope = Scope()
    command = pg.Claim(postgresql.integration.endpoint, "claimed")
    with databases.claim(command, scope) as claim:
        databases.verify_claim(claim, scope)
        scope.cancel(SIGNAL)
        with pytest.raises(InterruptedStepError, match=SIGNAL):
            databases.verify_claim(claim, scope)


def test_on_mysql(mariadb: Mariadb) -> None:
    scope = Scope()
    account = mariadb.integration.account("claiming")
    command = my.Claim(mariadb.integration.endpoint_as(account), "claimed")
    with schemas.claim(command, scope) as claim:
        schemas.verify_claim(claim, scope)
        scope.cancel(SIGNAL)
        with pytest.raises(InterruptedStepError, match=SIGNAL):
            schemas.verify_claim(claim, scope)

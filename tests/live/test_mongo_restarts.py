"""A MongoDB server that was killed while a copy was made is not trusted to hold all of it."""

from pathlib import Path

import pytest

from envsync.errors import CommandError
from envsync.gateways.mongo.incarnation import incarnation, require_same
from envsync.gateways.scope import Scope
from envsync.places import Endpoint, Secret
from tests.servers.mongod import ADMIN, mongod

pytestmark = pytest.mark.live


def test_nothing_is_promoted_on_a_server_that_was_killed_meanwhile(tmp_path: Path) -> None:
    with mongod(tmp_path, "restarted") as server:
        server.make_admin()
        password = Secret("file", str(server.folder / "password"))
        endpoint = Endpoint("m", "127.0.0.1", server.port, ADMIN, password, tls="disable")
        before = incarnation(endpoint, Scope())
        assert before is not None
        require_same(endpoint, before, Scope(), "all is well")
        server.kill()
        server.start()
        with pytest.raises(CommandError, match=r"was started again.*; nothing was promoted"):
            require_same(endpoint, before, Scope(), "nothing was promoted")

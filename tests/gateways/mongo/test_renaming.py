"""Renames of collections that an application drops and makes again, before them and after."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pymongo.database import Database

from envsync.errors import CommandError
from envsync.gateways.mongo.renaming import Renaming, renaming
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.places import Endpoint, Secret
from tests.servers.mongod import ADMIN, Documents, Mongod

pytestmark = pytest.mark.live

NAMES = ("first", "second", "third")
INCOMING, PREVIOUS = "envsync.incoming.", "envsync.previous."
Live = Database[dict[str, object]]
Act = Callable[[Live, str], None]


def _nothing(live: Live, name: str) -> None:
    """Leave a collection as it is."""


def _drop(live: Live, name: str) -> None:
    live[name].drop()


def _make_again(live: Live, name: str) -> None:
    live[name].drop()
    live[name].insert_one({"of": "the application"})


acts = pytest.mark.parametrize("act", [_nothing, _drop, _make_again])
ways = pytest.mark.parametrize("at_once", [True, False], ids=["exchanged", "one by one"])


@pytest.fixture
def server(scratch_mongo: Mongod) -> Iterator[Documents]:
    with scratch_mongo.client() as client:
        for name in NAMES:
            client.renames[name].insert_one({"of": "yesterday"})
            client.renames[f"{INCOMING}{name}"].insert_one({"of": "today"})
        yield client
        client.drop_database("renames")


@pytest.fixture
def session(scratch_mongo: Mongod) -> Iterator[Session]:
    password = Secret("file", str(scratch_mongo.folder / "password"))
    endpoint = Endpoint("mongo", "127.0.0.1", scratch_mongo.port, ADMIN, password, tls="disable")
    with connect(endpoint, Scope()) as session:
        yield session


def _held(server: Documents) -> dict[str, object]:
    found = server.renames
    return {
        name: [each["of"] for each in found[name].find()] for name in found.list_collection_names()
    }


@contextmanager
def _failing() -> Iterator[None]:
    yield
    raise CommandError("it failed")


@contextmanager
def _undone(session: Session, *, at_once: bool) -> Iterator[Renaming]:
    """Rename what the block says, and fail thereafter."""
    with (
        pytest.raises(CommandError, match="it failed; what was live still is"),
        renaming(session, "renames", at_once=at_once) as renames,
        _failing(),
    ):
        yield renames


@ways
@acts
def test_what_an_application_does_beforehand_stops_no_replacing(
    server: Documents, session: Session, act: Act, *, at_once: bool
) -> None:
    with renaming(session, "renames", at_once=at_once) as renames:
        for name in NAMES:
            act(server.renames, name)
            renames.replace(f"{INCOMING}{name}", name, f"{PREVIOUS}{name}")
    kept = "the application" if act is _make_again else "yesterday"
    previous = {} if act is _drop else {f"{PREVIOUS}{name}": [kept] for name in NAMES}
    assert _held(server) == {name: ["today"] for name in NAMES} | previous


@ways
@acts
def test_what_an_application_does_afterwards_stops_no_undoing(
    server: Documents, session: Session, act: Act, *, at_once: bool
) -> None:
    with _undone(session, at_once=at_once) as renames:
        for name in NAMES:
            renames.replace(f"{INCOMING}{name}", name, f"{PREVIOUS}{name}")
            act(server.renames, name)
    held = _held(server)
    assert {name: held[name] for name in NAMES} == {name: ["yesterday"] for name in NAMES}
    others = {name.removeprefix(INCOMING) for name in held if name not in NAMES}
    assert others == (set() if act is _drop else set(NAMES)), held


@acts
def test_what_is_put_aside_comes_back_over_what_was_made_in_its_place(
    server: Documents, session: Session, act: Act
) -> None:
    with _undone(session, at_once=True) as renames:
        assert renames.put_aside("first", f"{PREVIOUS}first")
        assert not renames.put_aside("nowhere", f"{PREVIOUS}nowhere")
        act(server.renames, "first")
    assert _held(server)["first"] == ["yesterday"]

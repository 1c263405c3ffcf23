"""The columns of a PostgreSQL database, as they are asked to be decided on."""

from envsync.gateways.postgresql.columns import columns
from envsync.gateways.scope import Scope
from tests.servers.postgresql import Postgresql

FOREIGN = """
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE far (id int, phone text) SERVER elsewhere;
CREATE TABLE near (town text) INHERITS (far);
CREATE TABLE nearer () INHERITS (near);
"""
COMPOSITE = """
CREATE TYPE lane AS (words text);
CREATE TYPE address AS (street lane, "post Code" varchar(9));
CREATE TABLE homes (at address, before address[], other lane);
"""


def test_a_child_of_what_is_not_looked_at_has_all_its_columns(postgresql: Postgresql) -> None:
    found = _columns(postgresql, FOREIGN)
    assert found["near"] == {"id": ("integer",), "phone": ("text",), "town": ("text",)}
    assert "nearer" not in found


def test_a_composite_type_is_told_with_what_it_is_made_of(postgresql: Postgresql) -> None:
    made = "address(street lane(words text), post Code character varying(9))"
    assert _columns(postgresql, COMPOSITE)["homes"] == {
        "at": (made,),
        "before": (f"{made}[]",),
        "other": ("lane(words text)",),
    }


def _columns(postgresql: Postgresql, definitions: str) -> dict[str, object]:
    server = postgresql.production
    name = server.database()
    server.run(definitions, name)
    return dict(columns(server.target(name), Scope()))

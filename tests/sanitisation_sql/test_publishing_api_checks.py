"""The checks for Publishing API find what a broken script would leave: one test per check."""

import pytest
from psycopg import Connection, sql

from tests.sanitisation_sql.publications import document, edition, event, expansion, limit
from tests.sanitisation_sql.scripts import findings

SCRIPT = "sanitise_publishing_api_production"


def test_an_empty_copy_passes(publishing_api: Connection) -> None:
    assert findings(publishing_api, SCRIPT) == [0, 0, 0, 0]


def test_a_payload_left_behind_is_found(publishing_api: Connection) -> None:
    event(publishing_api, "PutContent", '{"title": "secret"}')
    assert findings(publishing_api, SCRIPT) == [1, 0, 0, 0]


def test_a_limit_left_behind_is_found(publishing_api: Connection) -> None:
    limit(publishing_api, edition(publishing_api, document(publishing_api), title="secret"))
    assert findings(publishing_api, SCRIPT) == [0, 1, 0, 0]


@pytest.mark.parametrize("table", ["change_notes", "unpublishings", "links"])
def test_what_outlived_its_edition_is_found(publishing_api: Connection, table: str) -> None:
    number = edition(publishing_api, document(publishing_api), title="secret")
    for other in {"change_notes", "unpublishings", "links"} - {table}:
        publishing_api.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(other)))
    publishing_api.execute(
        sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
            sql.Identifier(table), sql.Identifier(f"{table}_edition_id_fkey")
        )
    )
    publishing_api.execute("DELETE FROM editions WHERE id = %s", [number])
    assert findings(publishing_api, SCRIPT) == [0, 0, 1, 0]


def test_an_expansion_that_shows_a_hidden_document_is_found(publishing_api: Connection) -> None:
    public, hidden = document(publishing_api), document(publishing_api)
    edition(publishing_api, public, title="published")
    expansion(publishing_api, public, shows=hidden)
    assert findings(publishing_api, SCRIPT) == [0, 0, 0, 1]


def test_the_expansion_of_a_hidden_document_is_found(publishing_api: Connection) -> None:
    public, hidden = document(publishing_api), document(publishing_api)
    edition(publishing_api, public, title="published")
    expansion(publishing_api, hidden, shows=public)
    assert findings(publishing_api, SCRIPT) == [0, 0, 0, 1]

"""What the script for Publishing API takes away, and what it leaves."""

from uuid import uuid4

from psycopg import Connection

from benchmarks.generate import addresses, fill
from tests.sanitisation_sql.publications import (
    SECRET,
    document,
    edition,
    event,
    expansion,
    limit,
)
from tests.sanitisation_sql.scripts import column, count, findings, sanitise

SCRIPT = "sanitise_publishing_api_production"
PAYLOAD = '{"title": "Secret.Person@Mail.Example.org", "q": "secret%40mail.example.org"}'
TABLES = ("change_notes", "unpublishings", "links", "editions", "access_limits", "expanded_links")


def test_put_content_events_stay_without_what_they_carried(publishing_api: Connection) -> None:
    for action in ("PutContent", "PutContentWithLinks", "PutDraftContentWithLinks"):
        event(publishing_api, action, PAYLOAD)
    sanitise(publishing_api, SCRIPT)
    assert column(publishing_api, "SELECT payload::text FROM events") == ["{}"] * 3


def test_other_events_keep_what_they_carried(publishing_api: Connection) -> None:
    event(publishing_api, "Publish", '{"update_type": "major"}')
    event(publishing_api, "PutPathReservation", '{"path": "/a"}')
    event(publishing_api, "PutContent", None)
    sanitise(publishing_api, SCRIPT)
    kept = column(publishing_api, "SELECT payload::text FROM events ORDER BY id")
    assert kept == ['{"update_type": "major"}', '{"path": "/a"}', None]


def test_a_limited_edition_goes_with_all_that_hangs_on_it(publishing_api: Connection) -> None:
    secret = document(publishing_api)
    limit(publishing_api, edition(publishing_api, secret, title=SECRET))
    expansion(publishing_api, secret, shows=uuid4())
    sanitise(publishing_api, SCRIPT)
    assert [count(publishing_api, table) for table in TABLES] == [0] * len(TABLES)


def test_other_editions_of_a_limited_document_stay(publishing_api: Connection) -> None:
    content_id = document(publishing_api)
    edition(publishing_api, content_id, title="published", version=1)
    limit(publishing_api, edition(publishing_api, content_id, title=SECRET, version=2))
    sanitise(publishing_api, SCRIPT)
    assert column(publishing_api, "SELECT title FROM editions") == ["published"]


def test_a_draft_expansion_that_shows_a_limited_document_goes(publishing_api: Connection) -> None:
    secret, public = document(publishing_api), document(publishing_api)
    edition(publishing_api, public, title="published")
    edition(publishing_api, secret, title="published", version=1)
    limit(publishing_api, edition(publishing_api, secret, title=SECRET, version=2))
    expansion(publishing_api, public, shows=secret)
    expansion(publishing_api, public, shows=secret, with_drafts=False)
    sanitise(publishing_api, SCRIPT)
    assert column(publishing_api, "SELECT with_drafts FROM expanded_links") == [False]


def test_draft_expansions_of_other_documents_stay(publishing_api: Connection) -> None:
    first, second = document(publishing_api), document(publishing_api)
    edition(publishing_api, first, title="first")
    edition(publishing_api, second, title="second")
    expansion(publishing_api, first, shows=second)
    sanitise(publishing_api, SCRIPT)
    assert count(publishing_api, "expanded_links") == 1


def test_a_limit_whose_edition_is_gone_still_goes(publishing_api: Connection) -> None:
    limit(publishing_api, 4711)
    sanitise(publishing_api, SCRIPT)
    assert count(publishing_api, "access_limits") == 0


def test_sanitising_twice_changes_nothing_more(publishing_api: Connection) -> None:
    event(publishing_api, "PutContent", PAYLOAD)
    limit(publishing_api, edition(publishing_api, document(publishing_api), title=SECRET))
    sanitise(publishing_api, SCRIPT)
    versions = column(publishing_api, "SELECT xmin::text FROM events")
    sanitise(publishing_api, SCRIPT)
    assert column(publishing_api, "SELECT xmin::text FROM events") == versions


def test_no_address_is_left_in_a_database_of_many(connection: Connection) -> None:
    fill(connection, 1)
    before = addresses(connection)
    sanitise(connection, SCRIPT)
    assert (before > 1000, addresses(connection), findings(connection, SCRIPT)) == (
        True,
        0,
        [0, 0, 0, 0],
    )

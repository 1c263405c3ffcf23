"""A few publications to plant secrets in: documents, their editions, and what hangs on those."""

from uuid import UUID, uuid4

from psycopg import Connection

from tests.sanitisation_sql.scripts import one

SECRET = "Ministerin <Secret.Person+Draft@Mail.Example.org> will resign"


def document(connection: Connection) -> UUID:
    content_id = uuid4()
    connection.execute(
        "INSERT INTO documents (content_id, created_at, updated_at) VALUES (%s, now(), now())",
        [content_id],
    )
    return content_id


def edition(connection: Connection, content_id: UUID, *, title: str, version: int = 1) -> int:
    """Add an edition with a change note, an unpublishing and a link; return its number."""
    number = one(
        connection,
        "INSERT INTO editions (document_id, title, state, content_store, user_facing_version,"
        " created_at, updated_at)"
        " SELECT id, %s, 'published', 'store-' || %s, %s, now(), now()"
        " FROM documents WHERE content_id = %s RETURNING id",
        title,
        version,
        version,
        content_id,
    )
    assert isinstance(number, int)
    connection.execute(
        "INSERT INTO change_notes (edition_id, note, created_at) VALUES (%s, %s, now())",
        [number, title],
    )
    connection.execute(
        "INSERT INTO unpublishings (edition_id, type, created_at) VALUES (%s, 'gone', now())",
        [number],
    )
    connection.execute(
        "INSERT INTO links (edition_id, link_type, created_at) VALUES (%s, 'parent', now())",
        [number],
    )
    return number


def limit(connection: Connection, number: int) -> None:
    connection.execute(
        "INSERT INTO access_limits (edition_id, users, created_at, updated_at)"
        """ VALUES (%s, '["secret.person@mail.example.org"]', now(), now())""",
        [number],
    )


def expansion(
    connection: Connection, content_id: UUID, *, shows: UUID, with_drafts: bool = True
) -> None:
    connection.execute(
        "INSERT INTO expanded_links (content_id, locale, with_drafts, expanded_links, created_at)"
        " VALUES (%s, 'en', %s, json_build_object('parent', json_build_array("
        "json_build_object('content_id', %s::text, 'title', 'shown'))), now())",
        [content_id, with_drafts, shows],
    )


def event(connection: Connection, action: str, payload: str | None) -> None:
    connection.execute(
        "INSERT INTO events (action, payload, created_at) VALUES (%s, %s, now())",
        [action, payload],
    )

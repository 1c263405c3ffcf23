"""Subscribers and e-mails to anonymise."""

from datetime import datetime
from uuid import UUID

from psycopg import Connection

from tests.sanitisation_sql.scripts import one


def subscriber(connection: Connection, address: str | None) -> int:
    number = one(connection, "INSERT INTO subscribers (address) VALUES (%s) RETURNING id", address)
    assert isinstance(number, int)
    return number


def mail(
    connection: Connection,
    address: str,
    *,
    subject: str = "An update",
    body: str = "Something changed",
    sent: datetime | None = None,
) -> UUID:
    """Add an e-mail, sent now unless said otherwise."""
    number = one(
        connection,
        "INSERT INTO emails (address, subject, body, created_at)"
        " VALUES (%s, %s, %s, coalesce(%s, now() AT TIME ZONE 'UTC')) RETURNING id",
        address,
        subject,
        body,
        sent,
    )
    assert isinstance(number, UUID)
    return number

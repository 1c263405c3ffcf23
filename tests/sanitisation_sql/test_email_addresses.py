"""What the script for Email Alert API makes of addresses, wherever and however they are written."""

from datetime import datetime, timedelta

import pytest
from psycopg import Connection

from tests.sanitisation_sql.mails import mail, subscriber
from tests.sanitisation_sql.scripts import column, count, findings, one, sanitise, script

SCRIPT = "anonymise_email_addresses"
NOON = datetime.fromisoformat("2026-03-01T12:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to jo.b@mail.org.", "to A@example.com."),
        ("JO.B@Mail.ORG", "A@example.com"),
        ("<jo.b@mail.org>, 'jo.b@mail.org'", "<A@example.com>, 'A@example.com'"),
        ('{"to":"jo.b@mail.org"}', '{"to":"A@example.com"}'),
        ("“jo.b@mail.org”…", "“A@example.com”…"),
        ("**jo.b@mail.org** _jo.b@mail.org_", "**A@example.com** _A@example.com_"),
        ("(mailto:jo.b@mail.org?subject=x)", "(mailto:A@example.com?subject=x)"),
        ("/u?address=jo.b%40mail.org&t=1", "/u?address=A%40example.com&t=1"),
        ("%3Fa%3Djo%252Eb%2540mail.org%26t", "%3Fa%3DA%2540example.com%26t"),
        ("jo.b&#64;mail.org", "A&#64;example.com"),
        ("jo.b@mail.org;jo.b@mail.org", "A@example.com;A@example.com"),
        ("follow @GOVUK", "follow @GOVUK"),
        ("100% off, 2 @ 3", "100% off, 2 @ 3"),
        ("", ""),
    ],
)
def test_a_known_address_becomes_its_own_anonymous_one(
    email_alert_api: Connection, text: str, expected: str
) -> None:
    mail(email_alert_api, "Jo.B@mail.org", subject=text, body=text)
    sanitise(email_alert_api, SCRIPT)
    row = email_alert_api.execute("SELECT address, subject, body FROM emails").fetchone()
    assert row is not None
    written = expected.replace("A", row[0].removesuffix("@example.com"))
    assert row[1:] == (written, written)


@pytest.mark.parametrize(
    "text",
    [
        "jo+news@mail.org",
        "jo%2Bnews%40mail.org",
        "o'brien@mail.org",
        '"jo b"@mail.org',
        "jo@[192.168.0.1]",
        "jo@localhost",
        "åsa@mël.example",
        "%C3%A5sa%40mail.org",
        "jo!x$y~z@mail.org",
    ],
)
def test_an_address_of_nobody_known_is_replaced_whole(
    email_alert_api: Connection, text: str
) -> None:
    mail(email_alert_api, "a@mail.org", body=f"from {text} to you")
    sanitise(email_alert_api, SCRIPT)
    body = one(email_alert_api, "SELECT replace(body, '%40', '@') FROM emails")
    assert str(body).removeprefix("from ").removesuffix(" to you") in {
        "anonymous-1@example.com",
        "anonymous-2@example.com",
    }


def test_tags_are_addresses_of_their_own(email_alert_api: Connection) -> None:
    mail(email_alert_api, "jo@mail.org", body="jo+a@mail.org jo%2Ba%40mail.org jo+b@mail.org")
    sanitise(email_alert_api, SCRIPT)
    body = str(one(email_alert_api, "SELECT replace(body, '%40', '@') FROM emails"))
    first, again, other = body.split()
    assert (first == again, first == other) == (True, False)


def test_subscribers_and_their_mails_share_an_address(email_alert_api: Connection) -> None:
    for address in ("Jo@mail.org", "kim@mail.org", None):
        subscriber(email_alert_api, address)
    mail(email_alert_api, "jo@MAIL.org")
    sanitise(email_alert_api, SCRIPT)
    pairs = email_alert_api.execute(
        "SELECT subscribers.address = emails.address FROM subscribers, emails ORDER BY subscribers.id"
    ).fetchall()
    assert pairs == [(True,), (False,), (None,)]


def test_the_same_copy_is_anonymised_in_the_same_way(email_alert_api: Connection) -> None:
    for number in range(20):
        subscriber(email_alert_api, f"person.{number}@mail.org")
    made = []
    for _ in range(2):
        with email_alert_api.transaction(force_rollback=True):
            email_alert_api.execute(script(SCRIPT))
            made.append(column(email_alert_api, "SELECT address FROM subscribers ORDER BY id"))
    assert made[0] == made[1]


def test_each_of_many_subscribers_keeps_an_address_of_their_own(
    email_alert_api: Connection,
) -> None:
    email_alert_api.execute(
        "INSERT INTO subscribers (address)"
        " SELECT 'Person.' || n || '@mail.org' FROM generate_series(1, 1000) AS n"
    )
    sanitise(email_alert_api, SCRIPT)
    distinct = one(
        email_alert_api,
        r"SELECT count(DISTINCT address) FROM subscribers"
        r" WHERE address ~ '^anonymous-\d+@example\.com$'",
    )
    assert distinct == 1000


def test_subscriptions_stay_as_they_are(email_alert_api: Connection) -> None:
    number = subscriber(email_alert_api, "jo@mail.org")
    email_alert_api.execute(
        "INSERT INTO subscriptions (subscriber_id, topic) VALUES (%s, 'flood warnings')", [number]
    )
    before = email_alert_api.execute("SELECT * FROM subscriptions").fetchall()
    sanitise(email_alert_api, SCRIPT)
    assert email_alert_api.execute("SELECT * FROM subscriptions").fetchall() == before


def test_mails_over_a_day_older_than_the_newest_go(email_alert_api: Connection) -> None:
    for hours in (0, 23, 24, 25, 900):
        mail(email_alert_api, "jo@mail.org", subject=str(hours), sent=NOON - timedelta(hours=hours))
    sanitise(email_alert_api, SCRIPT)
    kept = column(email_alert_api, "SELECT subject FROM emails ORDER BY created_at DESC")
    assert kept == ["0", "23", "24"]


def test_a_mail_from_the_future_does_not_take_the_others_with_it(
    email_alert_api: Connection,
) -> None:
    mail(email_alert_api, "jo@mail.org")
    mail(email_alert_api, "jo@mail.org", sent=datetime.fromisoformat("2100-01-01"))
    sanitise(email_alert_api, SCRIPT)
    assert count(email_alert_api, "emails") == 2


def test_what_an_old_mail_told_is_not_told_again(email_alert_api: Connection) -> None:
    number = subscriber(email_alert_api, "jo@mail.org")
    old = mail(email_alert_api, "jo@mail.org", sent=NOON - timedelta(days=9))
    new = mail(email_alert_api, "jo@mail.org", sent=NOON)
    for told in (old, new, None):
        email_alert_api.execute(
            "WITH subscription AS (INSERT INTO subscriptions (subscriber_id, topic)"
            " VALUES (%s, 'floods') RETURNING id)"
            " INSERT INTO subscription_contents (subscription_id, email_id)"
            " SELECT id, %s FROM subscription",
            [number, told],
        )
    sanitise(email_alert_api, SCRIPT)
    left = column(email_alert_api, "SELECT email_id FROM subscription_contents ORDER BY id")
    assert left == [new, None]


def test_anonymising_twice_changes_nothing_more(email_alert_api: Connection) -> None:
    for address in ("jo@mail.org", "kim@mail.org"):
        subscriber(email_alert_api, address)
        mail(email_alert_api, address, body=f"{address} and nobody@mail.org")
    sanitise(email_alert_api, SCRIPT)
    rows = (
        "SELECT address, body FROM emails UNION SELECT address, '' FROM subscribers ORDER BY 1, 2"
    )
    once = email_alert_api.execute(rows.encode()).fetchall()
    sanitise(email_alert_api, SCRIPT)
    assert email_alert_api.execute(rows.encode()).fetchall() == once


def test_a_new_address_does_not_share_the_number_of_an_older_one(
    email_alert_api: Connection,
) -> None:
    for address in (
        "Anonymous-1@example.com",
        "jo@mail.org",
        "anonymous-99999999999999999@example.com",
    ):
        subscriber(email_alert_api, address)
    sanitise(email_alert_api, SCRIPT)
    addresses = column(email_alert_api, "SELECT address FROM subscribers ORDER BY address")
    assert addresses == [f"anonymous-{number}@example.com" for number in (1, 2, 3)]


def test_the_checks_pass_on_what_the_script_made(email_alert_api: Connection) -> None:
    text = 'a@b@c <Jo@mail.org> x=jo%2540mail.org&#64;b "q r"@s.t %3Da%40b@d jo@mail.org\'s'
    mail(email_alert_api, "jo@mail.org", subject=text, body=text)
    sanitise(email_alert_api, SCRIPT)
    assert findings(email_alert_api, SCRIPT) == [0, 0, 0, 0, 0]

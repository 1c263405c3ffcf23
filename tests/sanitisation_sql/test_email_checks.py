"""The checks for Email Alert API find what a broken script would leave: one test per check."""

from datetime import datetime

import pytest
from psycopg import Connection

from tests.sanitisation_sql.mails import mail, subscriber
from tests.sanitisation_sql.scripts import findings

SCRIPT = "anonymise_email_addresses"
CLEAN = "anonymous-1@example.com"
WRITTEN = ["jo@mail.org", "Jo@Mail.Org", "a=jo%40mail.org", "jo%2540mail.org", "jo&#64;mail.org"]


def test_a_copy_of_anonymous_addresses_passes(email_alert_api: Connection) -> None:
    subscriber(email_alert_api, CLEAN)
    subscriber(email_alert_api, None)
    mail(email_alert_api, CLEAN, subject=f"for {CLEAN}", body="address=anonymous-1%40example.com&")
    assert findings(email_alert_api, SCRIPT) == [0, 0, 0, 0, 0]


def test_a_subscribers_address_is_found(email_alert_api: Connection) -> None:
    subscriber(email_alert_api, "jo@mail.org")
    assert findings(email_alert_api, SCRIPT) == [1, 0, 0, 0, 0]


def test_the_address_of_a_mail_is_found(email_alert_api: Connection) -> None:
    mail(email_alert_api, "anonymous-1@example.com.org")
    assert findings(email_alert_api, SCRIPT) == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("text", WRITTEN)
def test_an_address_in_a_subject_is_found(email_alert_api: Connection, text: str) -> None:
    mail(email_alert_api, CLEAN, subject=f"{CLEAN} and {text}")
    assert findings(email_alert_api, SCRIPT) == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("text", WRITTEN)
def test_an_address_in_a_body_is_found(email_alert_api: Connection, text: str) -> None:
    mail(email_alert_api, CLEAN, body=f"{CLEAN} and {text}")
    assert findings(email_alert_api, SCRIPT) == [0, 0, 0, 1, 0]


def test_an_old_mail_is_found(email_alert_api: Connection) -> None:
    mail(email_alert_api, CLEAN)
    mail(email_alert_api, CLEAN, sent=datetime.fromisoformat("2026-01-01"))
    assert findings(email_alert_api, SCRIPT) == [0, 0, 0, 0, 1]

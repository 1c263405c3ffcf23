"""A column whose name says that it is about people is proposed to be sanitised."""

import pytest

from envsync.sanitising.naming import by_name


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ("users.email varchar(255)", "an e-mail address"),
        ("users.email_address text", "an e-mail address"),
        ("users.unconfirmedEmail text", "an e-mail address"),
        ("users.e_mail text", "an e-mail address"),
        ("users.email_id bigint", None),
        ("users.email_confirmed boolean", None),
        ("users.email_confirmed tinyint(1)", None),
        ("users.last_email_sent_at timestamp without time zone", None),
        ("users.encrypted_password text", "a password"),
        ("users.password_salt text", "a password"),
        ("users.reset_password_token text", "a password"),
        ("oauth.refreshToken text", "a token or key"),
        ("apps.secret varchar(255)", "a token or key"),
        ("apps.APIKey text", "a token or key"),
        ("apps.api_key string", "a token or key"),
        ("visits.last_sign_in_ip varchar(255)", "an IP address or device"),
        ("visits.ip_address bigint", "an IP address or device"),
        ("visits.seen_from inet", "an IP address or device"),
        ("visits.user_agent text", "an IP address or device"),
        ("visits.shipment text", None),
        ("visits.description_of_ship text", "free text"),
        ("people.phone_number bigint", "a telephone number"),
        ("people.contacts[].mobile string", "a telephone number"),
        ("people.mobile boolean", None),
        ("people.postcode text", "a postcode"),
        ("people.zip varchar(10)", "a postcode"),
        ("people.dob date", "a date of birth"),
        ("people.date_of_birth date", "a date of birth"),
        ("people.born text", "a date of birth"),
        ("people.nino text", "a number of a person's papers or account"),
        ("people.first_name text", "a person's name"),
        ("people.surname text", "a person's name"),
        ("people.name text", "a person's name"),
        ("countries.name text", None),
        ("people.address.town string", "a person's address"),
        ("people.street text", "a person's address"),
        ("people.latitude double precision", "a person's address"),
        ("people.gender text", "something sensitive of a person"),
        ("orders.note text", "free text"),
        ("orders.details jsonb", "free text"),
        ("orders.body integer", None),
        ("orders.total numeric(10,2)", None),
        ("orders.id uuid", None),
        ("orders.created_at date", None),
        ("orders. text", None),
    ],
)
def test_a_name_tells_what_a_column_holds(column: str, what: str | None) -> None:
    path, _, kind = column.partition(" ")
    table, _, name = path.partition(".")
    assert by_name(table, name, (kind,)) == what

"""What the name of a column says of people: words that stand for what is personal. Pure."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# The first that is met counts: an e_mail_address is no address, and an ip_address neither.
_PHRASES: tuple[tuple[str, str], ...] = (
    ("a password", "password|passwd|pwd|passphrase|salt|pin code|cvv|cvc"),
    (
        "a token or key",
        (
            "token|secret|api key|apikey|access key|private key|signing key|otp|totp|credential"
            "|credentials|cookie|session key|recovery codes|backup codes|webhook url"
        ),
    ),
    ("an e-mail address", "email|emails|e mail|mail|mailbox"),
    (
        "an IP address or device",
        "ip|ips|ipv4|ipv6|remote addr|client addr|mac address|user agent|useragent|device id",
    ),
    (
        "a telephone number",
        "phone|phones|telephone|tel|mobile|cellphone|cell|msisdn|fax|whatsapp",
    ),
    ("a postcode", "postcode|post code|postal code|zip|zipcode|zip code"),
    (
        "a date of birth",
        "dob|birth|birthday|birthdate|born|date of birth|birth date|year of birth",
    ),
    (
        "a number of a person's papers or account",
        (
            "nino|national insurance|ssn|social security|passport|nhs number|driving licence|tax id"
            "|iban|bic|sort code|account number|card number|credit card|national id"
        ),
    ),
    (
        "a person's name",
        (
            "first name|last name|given name|given names|family name|full name|middle name"
            "|maiden name|display name|real name|contact name|author name|surname|forename"
            "|forenames|username|user name|nickname|screen name|login|signature"
        ),
    ),
    (
        "a person's address",
        (
            "address|addresses|street|house number|line 1|line 2|line 3|town or city"
            "|latitude|longitude|lat|lng|lon|coordinates|location"
        ),
    ),
    (
        "something sensitive of a person",
        "gender|sex|ethnicity|race|religion|nationality|disability|salary|medical|diagnosis",
    ),
    (
        "free text",
        (
            "note|notes|body|comment|comments|message|messages|remark|remarks|bio|about|biography"
            "|feedback|description|reason|explanation|answer|answers|transcript|payload|details"
            "|free text|trailing message|query string"
        ),
    ),
)
_TYPED: tuple[tuple[str, str], ...] = (
    ("an IP address or device", "inet|cidr|macaddr|macaddr8|inet4|inet6|ip"),
)
_PEOPLE = {
    *("user", "users", "people", "person", "persons", "customer", "customers", "contact"),
    *("contacts", "member", "members", "subscriber", "subscribers", "employee", "employees"),
    *("staff", "patient", "patients", "author", "authors", "applicant", "applicants"),
    *("account", "accounts", "profile", "profiles", "client", "clients", "guest", "guests"),
    *("voter", "voters", "student", "students", "teacher", "teachers", "participant"),
}
_NAME_OF_PEOPLE = {"name", "names", "title", "initials"}
# What is written in full in none of these is free.
_TEXT = re.compile(
    r"(?:public\.)?(?:text|citext|character|char|varchar|tinytext|mediumtext|longtext|string|json"
    r"|jsonb|xml|match_only_text|keyword|wildcard|object|flattened|nested|bytea|blob|longblob)"
)


def by_name(table: str, column: str, types: tuple[str, ...]) -> str | None:
    """Return what a column's name, or its type alone, says it holds; None where that is nothing."""
    words = tuple(_words(column))
    for what, kinds in _TYPED:
        if set(types) & set(kinds.split("|")):
            return what
    for what, phrases in _PHRASES:
        if what == "free text" and not is_text(types):
            continue
        if any(_holds(words, phrase.split()) for phrase in phrases.split("|")):
            return None if _is_about(words, types) else what
    if is_text(types) and words and words[-1] in _NAME_OF_PEOPLE and _PEOPLE & set(_words(table)):
        return "a person's name"
    return None


def is_text(types: tuple[str, ...]) -> bool:
    """Tell whether a column's type leaves room for anything."""
    return any(_TEXT.match(kind) for kind in types)


def _is_about(words: tuple[str, ...], types: tuple[str, ...]) -> bool:
    """Tell whether a column only refers to what its name says, such as email_id or mail_sent_at."""
    if any(kind.startswith(("boolean", "bool", "tinyint(1)")) for kind in types):
        return True
    whole = any(kind.startswith(("int", "bigint", "smallint", "long", "uuid")) for kind in types)
    moment = any(kind.startswith(("timestamp", "date")) for kind in types)
    refers = words[-1] in {"id", "ids", "count", "counter", "type", "status", "version"}
    return (whole and refers) or (moment and words[-1] in {"at", "on", "until", "time"})


def _words(name: str) -> Iterator[str]:
    return (word.lower() for word in _WORD.findall(name))


def _holds(words: tuple[str, ...], phrase: list[str]) -> bool:
    size = len(phrase)
    return any(list(words[at : at + size]) == phrase for at in range(len(words) - size + 1))

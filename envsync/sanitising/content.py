"""What a sample of a column's values says of people, by what values look like. Pure.

A value is looked at and counted; none ever leaves this module.
"""

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

import phonenumbers

_EMAIL = re.compile(r"(?<![^\s<(\"'=:,;])[^\s@<>()\"',;:]{1,64}@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_POSTCODE = re.compile(
    r"(?:GIR ?0AA|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}"  # United Kingdom
    r"|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"  # Canada
    r"|[1-9][0-9]{3} ?[A-Z]{2}"  # Netherlands
    r"|[0-9]{5}-[0-9]{4}"  # United States
    r"|[A-Z][0-9]{2} ?[A-Z0-9]{4})"  # Ireland
)
_NATIONAL_INSURANCE = re.compile(
    r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
)
_CARD = re.compile(r"[3-6][0-9]{3}(?:[ -]?[0-9]){9,15}")
_HASH = re.compile(
    r"\$2[abxy]?\$\d\d\$|\$argon2|\$[156y]\$|\$scrypt|\{S?SHA\d*\}|\{CRYPT\}"
    r"|pbkdf2[_:-]|scrypt:|bcrypt|sha\d+\$|\*[0-9A-F]{40}$"
)
_TOKEN = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.|gh[pousr]_|github_pat_|sk_(?:live|test)_|xox[abp]-|AKIA[0-9A-Z]{16}"
    r"|-----BEGIN |glpat-|AIza[\w-]{35}|ya29\."
)
_OPAQUE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/_=.~-]{20,512}")
_HEX = re.compile(r"[0-9a-f]{32,128}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PHONE = re.compile(r"[+0(][0-9 ().\-/]{6,24}")
_PERSON = re.compile(r"[^\W\d_][\w'.-]*(?: (?:[a-z]{2,3} ){0,2}[^\W\d_][\w'-]*){1,3}")
_REGIONS = ("GB", "US")
"""Where numbers without a country's code may be from."""
_RANDOM = 3.5
"""Bits of entropy a character, above which a text is no word of any language."""
_FULL_NAMES, _DIFFERENT = 0.7, 0.5
_ADULTS = range(1915, 2013)
_GENERATIONS = 30
_ENOUGH = 20


def is_email(value: str) -> bool:
    """Tell whether an e-mail address stands in a value."""
    return _EMAIL.search(value) is not None


def is_phone(value: str) -> bool:
    """Tell whether a value is a telephone number that could be called."""
    if not _PHONE.fullmatch(value.strip()):
        return False
    for region in (None,) if value.strip().startswith("+") else _REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(value, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def is_postcode(value: str) -> bool:
    """Tell whether a value is written as a postcode."""
    return _POSTCODE.fullmatch(value.strip().upper()) is not None


def is_address_of_machine(value: str) -> bool:
    """Tell whether a value is an IP address, perhaps of a network."""
    try:
        ipaddress.ip_interface(value.strip())
    except ValueError:
        return False
    return True


def is_hash(value: str) -> bool:
    """Tell whether a value is written as the hash of a password."""
    return _HASH.match(value) is not None


def is_token(value: str) -> bool:
    """Tell whether a value is a key, or so random that it must be one."""
    if _TOKEN.match(value):
        return True
    if _UUID.fullmatch(value) or not (_HEX.fullmatch(value) or _OPAQUE.fullmatch(value)):
        return False
    return entropy(value) >= (_RANDOM if not _HEX.fullmatch(value) else _RANDOM - 0.5)


def is_paper(value: str) -> bool:
    """Tell whether a value is a number of national insurance, or of a card by its check digit."""
    return bool(_NATIONAL_INSURANCE.fullmatch(value.strip().upper())) or (
        bool(_CARD.fullmatch(value.strip())) and _checks(re.sub(r"\D", "", value))
    )


def is_full_name(value: str) -> bool:
    """Tell whether a value is written as a person's name: two to four words, all but "de" large."""
    words = [word for word in value.split(" ") if len(word) > 3 or word[:1].isupper()]  # noqa: PLR2004
    large = all(word[:1].isupper() and not word.isupper() for word in words)
    return _PERSON.fullmatch(value) is not None and large


def entropy(value: str) -> float:
    """Return the bits of information in each character of a value."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts) if value else 0.0


def _checks(digits: str) -> bool:
    """Tell whether a number's last digit checks the others, as on cards (ISO/IEC 7812)."""
    doubled = [int(d) * (2 - place % 2) for place, d in enumerate(digits[::-1], 1)]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0  # noqa: PLR2004


_LOOKS: tuple[tuple[str, Callable[[str], bool], float], ...] = (
    ("hashes of passwords", is_hash, 0.0),
    ("e-mail addresses", is_email, 0.0),
    ("numbers of people's papers or cards", is_paper, 0.1),
    ("telephone numbers", is_phone, 0.1),
    ("IP addresses", is_address_of_machine, 0.3),
    ("postcodes", is_postcode, 0.3),
    ("tokens or keys", is_token, 0.3),
)
"""What values may look like, and which share of them is enough to say so of a column."""


def by_content(values: Sequence[str]) -> str | None:
    """Return what values look like, in a sentence with how many do; None where that is nothing."""
    told = [value for value in values if value.strip()]
    for what, looks, share in _LOOKS:
        found = sum(map(looks, told))
        if found > share * len(told):
            return f"{found:,} of {len(told):,} values look like {what}"
    if len(told) >= _ENOUGH and _are_full_names(told):
        return f"most of {len(told):,} values look like names of people"
    if len(told) >= _ENOUGH and _are_births(told):
        return f"most of {len(told):,} values look like dates of birth"
    return None


def _are_full_names(values: Sequence[str]) -> bool:
    names = sum(map(is_full_name, values))
    return names >= _FULL_NAMES * len(values) and len(set(values)) >= _DIFFERENT * len(values)


def _are_births(values: Sequence[str]) -> bool:
    years = [year for value in values if (year := _year(value)) in _ADULTS]
    return len(years) > _FULL_NAMES * len(values) and max(years) - min(years) >= _GENERATIONS


def _year(value: str) -> int:
    try:
        return date.fromisoformat(value[:10]).year
    except ValueError:
        return 0

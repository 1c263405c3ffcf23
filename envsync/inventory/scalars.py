"""The single values an inventory is made of: each refuses what it is not, saying what it accepts.

The text of a ValueError raised here is what would be accepted; who reports it adds the rest.
"""

import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ByteSize,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from pyrage import RecipientError, ssh, x25519

LONGEST_NAME = 63
"""Bytes in a PostgreSQL name; longer ones are cut short by the server without an error."""

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_SEGMENT = rf"(?!\.\.?(?:/|$))[^/{_CONTROL}]+"
_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")
_DURATION_ACCEPTED = 'a time such as "90m", "2h", "1h30m" or "2d"'
_SIZE_ACCEPTED = 'a size such as "500GiB" or "1.5TB"'
_LONGEST_SIZE = 20
_PUBLIC_KEY_ACCEPTED = (
    'a public key, "age1…" as age-keygen shows it, or "ssh-ed25519 …" or "ssh-rsa …"'
)
# Longer fields mean nothing more, and some take long to read.
_FIVE_FIELDS = re.compile(r"\S{1,60}(?: +\S{1,60}){4}", re.ASCII)
_A_NIGHT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Matching:
    """Text that matches a pattern as a whole; editors see the pattern as well."""

    pattern: str
    accepted: str

    def check(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(self.accepted)
        return text

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"pattern": f"^(?:{self.pattern})$"}


def _cron(text: str) -> str:
    accepted = 'a five-field cron expression such as "40 2 * * *"'
    if _FIVE_FIELDS.fullmatch(text) is None:
        raise ValueError(accepted)
    try:
        next(CronSim(text, _A_NIGHT))
    except (CronSimError, StopIteration) as error:
        raise ValueError(accepted) from error
    return text


def _duration(value: object) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    days, hours, minutes, seconds = (
        (int(part or 0) for part in match.groups("0")) if match else [0] * 4
    )
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not duration:
        raise ValueError(_DURATION_ACCEPTED)
    return duration


def _short_size(value: object) -> object:
    if not isinstance(value, str | int) or len(str(value)) > _LONGEST_SIZE:
        raise ValueError(_SIZE_ACCEPTED)
    return value


def _some_size(size: ByteSize) -> ByteSize:
    if size <= 0:
        raise ValueError(_SIZE_ACCEPTED)
    return size


def _server_name(text: str) -> str:
    if len(text.encode()) > LONGEST_NAME:
        raise ValueError(f"a name of at most {LONGEST_NAME} bytes")
    return text


def _program(text: str) -> str:
    accepted = "a program and its arguments, quoted as a shell would have them, without a shell"
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(accepted) from error
    if not words or not words[0]:
        raise ValueError(accepted)
    return text


def _public_key(text: str) -> str:
    """Refuse what age cannot encrypt to; a private key is refused by not being shown."""
    try:
        ssh.Recipient.from_str(text) if text.startswith("ssh-") else x25519.Recipient.from_str(text)
    except RecipientError as error:
        raise ValueError(_PUBLIC_KEY_ACCEPTED) from error
    return text


Key = Annotated[
    str,
    Matching(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", 'letters, digits, "_", "-" and ".", at most 100'),
]
Text = Annotated[str, Matching(rf"(?=.*\S)[^{_CONTROL}]+", "one line of text, not empty")]
OneLine = Annotated[str, Matching(rf"[^{_CONTROL}]*", "one line of text, which may be empty")]
FieldName = Annotated[
    str,
    Matching(
        rf"[^.{_CONTROL}]+(?:\.[^.{_CONTROL}]+)+",
        'a column as "table.column" or "schema.table.column", a field as "collection.field"',
    ),
]
Program = Annotated[Text, AfterValidator(_program)]
PublicKey = Annotated[
    str,
    Matching(r"age1[0-9a-z]+|ssh-(?:ed25519|rsa) [0-9A-Za-z+/=]+(?: .*)?", _PUBLIC_KEY_ACCEPTED),
    AfterValidator(_public_key),
]
Prose = Annotated[
    str, Matching(r"(?=\s*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+", "a reason in words")
]
# Icinga's command pipe, which NSCA writes to, ends a field at each semicolon.
Title = Annotated[str, Matching(rf"(?=.*\S)[^;{_CONTROL}]+", "one line of text without semicolons")]
Name = Annotated[Text, AfterValidator(_server_name)]
Host = Annotated[
    str,
    Matching(rf"[^\s{_CONTROL}]+", "a host name, an address, or the folder of a socket"),
]
InternetHost = Annotated[
    str, Matching(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]+", "a host name or an address")
]
Folder = Annotated[str, Matching(rf"/[^{_CONTROL}]*", 'an absolute path, one that starts with "/"')]
FileName = Annotated[str, Matching(_SEGMENT, 'a file name without "/"')]
StoragePath = Annotated[
    str,
    Matching(
        rf"{_SEGMENT}(?:/{_SEGMENT})*", 'a path such as "postgresql-backend", without "." or ".."'
    ),
]
Repository = Annotated[
    str, Matching(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", "the name of a repository of snapshots")
]
IndexPattern = Annotated[
    str,
    Matching(
        rf"(?![._+-])(?!envsync)(?!\*+$)[^A-Z\\/?\"<>| ,#:{_CONTROL}]+",
        'names of indices or aliases in lower case, "*" for any part, not "*" alone',
    ),
]
Prefix = Annotated[
    str, Matching(rf"[^{_CONTROL}]*/", 'what keys begin with, such as "uploads/", up to a "/"')
]
Percent = Annotated[
    str,
    Matching(r"(?:100|[0-9]{1,2}(?:\.[0-9]{1,2})?)%", 'a share such as "10%", from "0%" to "100%"'),
]
HttpUrl = Annotated[
    str, Matching(r"https?://[^\s/@?#]+(?:/[^\s@]*)?", "an http:// or https:// address")
]
HttpsUrl = Annotated[str, Matching(r"https://[^\s/@?#]+(?:/[^\s@]*)?", "an https:// address")]
TimeOfDay = Annotated[
    str, Matching(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", '"HH:MM", from "00:00" to "23:59"')
]
Cron = Annotated[str, AfterValidator(_cron)]
Duration = Annotated[
    timedelta,
    PlainValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}),
]
Size = Annotated[ByteSize, BeforeValidator(_short_size), AfterValidator(_some_size)]

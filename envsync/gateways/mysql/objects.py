"""What a schema holds besides tables: views, routines, triggers and events, as statements.

In a quarantine there are tables alone: RENAME TABLE takes no table with a trigger to another
schema, an event would run in the quarantine, and what runs as its definer has no rights there. So
the others are kept as text, in a schema of envsync's own, until their tables are live.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from envsync.gateways.mysql.statements import without_comments

KINDS = ("FUNCTION", "PROCEDURE", "PACKAGE", "PACKAGE BODY", "VIEW", "TRIGGER", "EVENT")
"""In the order in which they are created; views may call functions, events come last."""

_NAME = rb"(?:`((?:[^`]|``)+)`|([\w$\x80-\xff]+))"
_HEAD = re.compile(
    rb"CREATE\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?"
    rb"(?:DEFINER\s*=\s*(?P<definer>(?:`(?:[^`]|``)*`|[^\s@`]+)(?:@(?:`(?:[^`]|``)*`|\S+))?)\s+)?"
    rb"(?:SQL\s+SECURITY\s+\w+\s+)?(?:AGGREGATE\s+)?"
    rb"(?P<kind>FUNCTION|PROCEDURE|PACKAGE\s+BODY|PACKAGE|VIEW|TRIGGER|EVENT)\s+"
    rb"(?:IF\s+NOT\s+EXISTS\s+)?" + _NAME,
    re.IGNORECASE,
)
_MARKS = re.compile(rb"/\*M?!\d*|\*/")
_DEFINER = re.compile(
    rb"\bDEFINER\s*=\s*(?:`(?:[^`]|``)*`|[^\s@`*]+)(?:@(?:`(?:[^`]|``)*`|[^\s*]+))?", re.IGNORECASE
)
_CREATE = re.compile(rb"\bCREATE\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(rb"\s*/\*!50001 CREATE (?:VIEW|TABLE)\b")
_SET = re.compile(
    rb"\bSET\s+(character_set_client|collation_connection|sql_mode|time_zone)\s*=\s*"
    rb"('[^']*'|[a-z]\w*)\s*(?:\*/\s*)?$",
    re.IGNORECASE,
)
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Manner:
    """The session settings an object is created under, which it keeps."""

    sql_mode: str = ""
    character_set: str = "utf8mb4"
    collation: str = "utf8mb4_general_ci"
    time_zone: str = "SYSTEM"

    def settings(self) -> Iterator[str]:
        """Yield the statements by which a dump says so, as `manner_of` reads them."""
        yield f"SET sql_mode = '{self.sql_mode}'"
        yield f"SET character_set_client = {self.character_set}"
        yield f"SET collation_connection = {self.collation}"
        yield f"SET time_zone = '{self.time_zone}'"


@dataclass(frozen=True, slots=True)
class Object:
    """A view, a routine, a trigger or an event: the statement that creates it, and its manner."""

    kind: str
    name: str
    statement: bytes
    manner: Manner = Manner()

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.name!r}"

    @property
    def definer(self) -> bytes | None:
        """The account it is said to run as, quoted; None where the statement names none."""
        found = _HEAD.search(_unmarked(self.statement))
        return found["definer"] if found else None

    def defined_by(self, account: bytes) -> "Object":
        """Return the same object, run as another account."""
        text = _DEFINER.sub(lambda _: b"DEFINER=" + account, self.statement, count=1)
        return replace(self, statement=text)

    def at_home(self, schema: str) -> "Object":
        """Return a view that names no longer the schema it is in, so that it fits another.

        Servers write down views themselves, with every name in backquotes; they leave out the
        schema where they can, which is not always.
        """
        if self.kind != "VIEW":
            return self
        own = b"`" + schema.encode().replace(b"`", b"``") + b"`."
        return replace(self, statement=self.statement.replace(own, b""))

    def replacing(self) -> bytes:
        """Return the statement that puts it in the place of one that is there, at once."""
        return _CREATE.sub(b"CREATE OR REPLACE", self.statement, count=1)


def manner_of(statement: bytes, before: Manner) -> Manner:
    """Return the manner after a SET statement of a dump."""
    found = _SET.search(statement)
    if found is None:
        return before
    name, value = found[1].lower(), found[2].strip(b"'").decode()
    match name:
        case b"sql_mode":
            return replace(before, sql_mode=value)
        case b"character_set_client":
            return replace(before, character_set=value)
        case b"collation_connection":
            return replace(before, collation=value)
        case _:
            return replace(before, time_zone=value)


def object_of(statement: bytes, manner: Manner) -> Object | None:
    """Read the statement of a dump that creates an object; None for any other.

    The placeholders of views, by which dumps let views name each other, are none.
    """
    if _PLACEHOLDER.match(statement):
        return None
    found = _HEAD.match(_unmarked(statement).lstrip())
    if found is None:
        return None
    kind = b" ".join(found["kind"].split()).upper().decode()
    name = found[3].replace(b"``", b"`") if found[3] is not None else found[4]
    return Object(kind, name.decode(errors="replace"), statement, manner)


def in_order(objects: Iterable[Object]) -> Iterator[Object]:
    """Yield objects as they can be created; of two with one name the last counts."""
    known = {(each.kind, each.name): each for each in objects}
    for kind in KINDS:
        yield from (each for each in known.values() if each.kind == kind)


def _unmarked(statement: bytes) -> bytes:
    """Return the head of a statement without the marks around what some versions execute."""
    return b" ".join(_MARKS.sub(b" ", without_comments(statement[:_HEAD_BYTES])).split())

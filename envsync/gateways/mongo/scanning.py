"""Documents looked through here, one by one: for servers that cannot do so, and for samples."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bson import DBRef
from bson.binary import Binary
from bson.code import Code
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.objectid import ObjectId
from bson.regex import Regex
from bson.timestamp import Timestamp

from envsync.gateways.mongo.session import Session, told
from envsync.gateways.mongo.shapes import Path

LONGEST_SAMPLE = 200
_INT32 = range(-(2**31), 2**31)
_TYPES: dict[type, str] = {
    type(None): "null",
    str: "string",
    Int64: "long",
    float: "double",
    bool: "bool",
    bytes: "binData",
    Binary: "binData",
    ObjectId: "objectId",
    dt.datetime: "date",
    Decimal128: "decimal",
    Regex: "regex",
    re.Pattern: "regex",
    Timestamp: "timestamp",
    Code: "javascript",
    MinKey: "minKey",
    MaxKey: "maxKey",
}


def scanned(session: Session, database: str, name: str, deepest: int) -> Iterator[tuple[Path, str]]:
    """Yield the fields of every document; for servers that do not know how to tell them."""
    seen: set[tuple[Path, str]] = set()
    collection = session.database(database)[name]
    with told(session.where), collection.find({}, session=session.session) as cursor:
        for document in cursor:
            for path, value in walked(document, deepest):
                field = path, kind(value)
                if field not in seen:
                    seen.add(field)
                    yield field


def walked(value: Any, deepest: int, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value in a document that holds no others, with its path."""
    if isinstance(value, DBRef):
        value = value.as_doc()
    if isinstance(value, Mapping | list) and len(path) < deepest:
        inner = value.items() if isinstance(value, Mapping) else ((None, each) for each in value)
        for part, each in inner:
            yield from walked(each, deepest, (*path, part))
    else:
        yield path, value


def kind(value: Any) -> str:
    """Return a value's type, as $type names it."""
    match value:
        case Mapping():
            return "object"
        case list():
            return "array"
        case Code() if value.scope is not None:
            return "javascriptWithScope"
        case int() if type(value) is int:
            return "int" if value in _INT32 else "long"
        case _:
            return _TYPES.get(type(value), type(value).__name__)


def text(value: Any) -> str | None:
    """Return a value as text, cut short; None for what nobody reads."""
    match value:
        case str() | int() | float() | Decimal128() if not isinstance(value, bool | Code):
            return str(value)[:LONGEST_SAMPLE]
        case dt.datetime():
            return value.isoformat()
        case _:
            return None

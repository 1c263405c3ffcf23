"""The fields of a database's documents: every one that any document has, found by the server.

Documents of one shape are one to the server before anything is counted, so that it goes through
all of them at the speed of a scan. Only documents and lists within documents are looked into again,
a level at a time.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.errors import OperationFailure

from envsync.columns import ELEMENTS, Found, Samples, names, written
from envsync.commands import Target
from envsync.errors import CommandError
from envsync.gateways.mongo.catalogue import collections
from envsync.gateways.mongo.scanning import scanned, text, walked
from envsync.gateways.mongo.session import Document, Session, connect
from envsync.gateways.scope import Scope

DEEPEST = 24
"""Levels that are looked into; what is deeper counts as the document or list that it is."""
MOST_FIELDS = 50_000
"""Different fields of one collection that are told apart: nobody decides on more of them."""
_CONTAINERS = ["object", "array"]
# What a server says that does not know an operator (MongoDB, error_codes.yml; DocumentDB).
_UNKNOWN = {168, 303, 304, 31325, 40324}
Field = tuple[tuple[Any, ...], str]
"""A field's path, in which a list's elements are None, and a type that it has."""


def columns(target: Target, scope: Scope) -> Found:
    """Return the fields of every collection, with all the types each has in any document."""
    with connect(target.endpoint, scope) as session:
        return {
            written(each.name): _by_path(_fields(session, target.database, each.name, scope))
            for each in collections(session, target.database, indexes=False)
            if each.kind != "view"
        }


def samples(target: Target, table: str, limit: int, scope: Scope) -> Samples:
    """Return values of at most so many documents, each cut short; nothing is written."""
    (name,) = names(table)
    found: dict[str, list[str]] = {}
    pipeline = [{"$sample": {"size": limit}}]
    with connect(target.endpoint, scope) as session:
        for document in session.listed(target.database, _aggregate(name, pipeline)):
            for path, value in walked(document, DEEPEST):
                shown = text(value)
                if shown is not None:
                    found.setdefault(_written(path), []).append(shown)
    return found


def _fields(session: Session, database: str, name: str, scope: Scope) -> Iterator[Field]:
    try:
        yield from asked(session, database, name, scope)
    except CommandError as error:
        cause = error.__cause__
        if not (isinstance(cause, OperationFailure) and cause.code in _UNKNOWN):
            raise
        yield from scanned(session, database, name, DEEPEST)


def asked(session: Session, database: str, name: str, scope: Scope) -> Iterator[Field]:
    """Ask level by level, as long as there is one below."""
    for depth in range(DEEPEST):
        scope.check()
        answered = session.listed(database, _aggregate(name, _pipeline(depth)))
        if len(answered) > MOST_FIELDS:
            raise CommandError(
                f"{name} of {database} has more than {MOST_FIELDS:,} different fields, which "
                "nobody decides on; are keys of its documents values?"
            )
        fields = [(tuple(each["_id"][0]), str(each["_id"][1])) for each in answered]
        deepest = depth == DEEPEST - 1
        yield from (field for field in fields if deepest or field[1] not in _CONTAINERS)
        if not any(kind in _CONTAINERS for _, kind in fields):
            return


def _aggregate(name: str, pipeline: list[Document]) -> Document:
    return {"aggregate": name, "pipeline": pipeline, "cursor": {}, "allowDiskUse": True}


def _pipeline(depth: int) -> list[Document]:
    """Return what finds the paths and types that are so many levels down."""
    stages: list[Document] = []
    inside: Any = _entries("$$ROOT", [], values=depth > 0)
    for level in range(depth):
        stages += [
            {"$project": {"_id": 0, "x": _containers(inside)}},
            {"$unwind": "$x"},
        ]
        inside = _within("$x", values=level < depth - 1)
    shape = {"$map": {"input": inside, "as": "f", "in": ["$$f.p", "$$f.t"]}}
    return [
        *stages,
        {"$group": {"_id": {"$setUnion": [shape, []]}}},
        {"$unwind": "$_id"},
        {"$group": {"_id": "$_id"}},
        {"$limit": MOST_FIELDS + 1},
    ]


def _entries(of: str, path: Any, *, values: bool) -> Document:
    """Return a document's fields: the path, the type and, to be looked into, the value of each."""
    found = {"p": {"$concatArrays": [path, ["$$f.k"]]}, "t": {"$type": "$$f.v"}}
    return {
        "$map": {
            "input": {"$objectToArray": of},
            "as": "f",
            "in": {**found, **({"v": "$$f.v"} if values else {})},
        }
    }


def _elements(of: str, path: Any, *, values: bool) -> Document:
    """Return a list's elements as if they were fields."""
    found = {"p": {"$concatArrays": [path, [None]]}, "t": {"$type": "$$f"}}
    shown = {**found, **({"v": "$$f"} if values else {})}
    return {"$map": {"input": of, "as": "f", "in": shown}}


def _within(field: str, *, values: bool) -> Document:
    """Return what is in a document or a list."""
    path, value = f"{field}.p", f"{field}.v"
    return {
        "$cond": [
            {"$eq": [f"{field}.t", "object"]},
            _entries(value, path, values=values),
            _elements(value, path, values=values),
        ]
    }


def _containers(fields: Any) -> Document:
    return {"$filter": {"input": fields, "as": "c", "cond": {"$in": ["$$c.t", _CONTAINERS]}}}


def _by_path(fields: Iterator[Field]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for path, kind in fields:
        found.setdefault(_written(path), set()).add(kind)
    return {path: tuple(sorted(kinds)) for path, kinds in sorted(found.items())}


def _written(path: tuple[Any, ...]) -> str:
    """Return a path as the file has it."""
    shown = ""
    for part in path:
        dot = "." if shown else ""
        shown += ELEMENTS if part is None else f"{dot}{written(part)}"
    return shown

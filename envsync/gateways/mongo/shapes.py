"""What has a server tell the shapes of its documents: pipelines, and what their answers say.

A path and the type found there are one text, parted by what no name can hold: a field is ".name",
an element of a list "#". Texts are what a server compares fastest.
"""

from typing import Any

from envsync.gateways.mongo.session import Document

CONTAINERS = ("object", "array")
Path = tuple[str | None, ...]
"""The names that lead to a value; None for a list, whose elements are all alike to it."""
_PART, _FIELD, _ELEMENT = "\0", ".", "#"
_ROOT = {"$objectToArray": "$$ROOT"}
_FIELDS, _ELEMENTS = {"$objectToArray": "$x.v"}, "$x.v"


def pipeline(depth: int, most: int) -> list[Document]:
    """Return what finds the paths and types that are so many levels down, no more than `most`.

    Documents of one shape become one before anything else is done with them.
    """
    shape = _told(_ROOT, "$$f.v", _FIELD, "$$f.k")
    stages: list[Document] = []
    for level in range(depth):
        inside = _inside(_holders) if level else _holders(_ROOT, "$$f.v", _FIELD, "$$f.k")
        stages += [{"$project": {"_id": 0, "x": inside}}, {"$unwind": "$x"}]
        # A list tells the same of each of its elements: once is enough.
        shape = {"$setUnion": [_inside(_told), []]}
    return [
        *stages,
        {"$group": {"_id": shape}},
        {"$unwind": "$_id"},
        {"$group": {"_id": "$_id"}},
        {"$limit": most},
    ]


def field(text: str) -> tuple[Path, str]:
    """Return the path and the type that a text of an answer tells."""
    *parts, kind = text.split(_PART)
    return tuple(None if part == _ELEMENT else part[1:] for part in parts), kind


def _told(entries: Any, value: str, *path: str) -> Document:
    """Tell the path and the type of each entry."""
    text = {"$concat": [*path, _PART, {"$type": value}]}
    return {"$map": {"input": entries, "as": "f", "in": text}}


def _holders(entries: Any, value: str, *path: str) -> Document:
    """Return the documents and lists among entries, to be looked into: path, type, value."""
    holds = {"$in": [{"$type": value}, list(CONTAINERS)]}
    kept = {"$filter": {"input": entries, "as": "f", "cond": holds}}
    found = {"p": {"$concat": [*path]}, "t": {"$type": value}, "v": value}
    return {"$map": {"input": kept, "as": "f", "in": found}}


def _inside(show: Any) -> Document:
    """Show what is in a document or a list that was found a level above."""
    return {
        "$cond": [
            {"$eq": ["$x.t", "object"]},
            show(_FIELDS, "$$f.v", "$x.p", f"{_PART}{_FIELD}", "$$f.k"),
            show(_ELEMENTS, "$$f", "$x.p", f"{_PART}{_ELEMENT}"),
        ]
    }

"""The fields of a database's documents: every one that any document has, found by the server.

Documents of one shape are one to the server before anything is counted, so that it goes through
all of them at the speed of a scan. Only documents and lists within documents are looked into again,
a level at a time.
"""

from collections.abc import Iterator, Mapping

from pymongo.errors import OperationFailure

from envsync.columns import ELEMENTS, Found, Samples, names, written
from envsync.commands import Target
from envsync.errors import CommandError, UnavailableError
from envsync.gateways.mongo.catalogue import collections
from envsync.gateways.mongo.scanning import scanned, text, walked
from envsync.gateways.mongo.session import Document, Session, connect
from envsync.gateways.mongo.shapes import CONTAINERS, Path, field, pipeline
from envsync.gateways.scope import Scope
from envsync.questions import SamplesQuestion

DEEPEST = 24
"""Levels that are looked into; what is deeper counts as the document or list that it is."""
MOST_FIELDS = 50_000
"""Different fields of one collection that are told apart: nobody decides on more of them."""
# What a server says that does not know an operator (MongoDB, error_codes.yml; DocumentDB).
_UNKNOWN = {168, 303, 304, 31325, 40324}
Field = tuple[Path, str]
"""A field's path and a type that it has."""


def columns(target: Target, scope: Scope) -> Found:
    """Return the fields of every collection, with all the types each has in any document."""
    with connect(target.endpoint, scope) as session:
        return {
            written(each.name): _by_path(_fields(session, target.database, each.name, scope))
            for each in collections(session, target.database, indexes=False)
            if each.kind != "view"
        }


def samples(question: SamplesQuestion, scope: Scope) -> Samples:
    """Return values of at most so many documents, each cut short; nothing is written."""
    (name,) = names(question.table)
    found: dict[str, list[str]] = {}
    drawn = [{"$sample": {"size": question.limit}}]
    with connect(question.target.endpoint, scope) as session:
        for document in session.listed(question.target.database, _aggregate(name, drawn)):
            for path, value in walked(document, DEEPEST):
                shown = text(value)
                if shown is not None:
                    found.setdefault(_written(path), []).append(shown)
    return found


def _fields(session: Session, database: str, name: str, scope: Scope) -> set[Field]:
    """Return the fields of a collection: as the server tells them, else as they are read here."""
    try:
        fields = asked(session, database, name, scope)
        return _bounded(fields, database, name)
    except CommandError as error:
        if not _is_unable(session, error):
            raise
    return _bounded(scanned(session, database, name, DEEPEST), database, name)


def _is_unable(session: Session, error: CommandError) -> bool:
    """Tell whether a server refused what was asked because it does not know how."""
    cause = error.__cause__
    if not isinstance(cause, OperationFailure) or isinstance(error, UnavailableError):
        return False
    return session.where.is_documentdb or cause.code in _UNKNOWN


def _bounded(fields: Iterator[Field], database: str, name: str) -> set[Field]:
    """Collect fields; raises CommandError for more than anybody can decide on."""
    found: set[Field] = set()
    for each in fields:
        found.add(each)
        if len(found) > MOST_FIELDS:
            raise CommandError(
                f"{name} of {database} has more than {MOST_FIELDS:,} different fields, which "
                "nobody decides on; are keys of its documents values?"
            )
    return found


def asked(session: Session, database: str, name: str, scope: Scope) -> Iterator[Field]:
    """Ask level by level, as long as there is one below."""
    for depth in range(DEEPEST):
        scope.check()
        answered = session.listed(database, _aggregate(name, pipeline(depth, MOST_FIELDS + 1)))
        fields = [field(each["_id"]) for each in answered]
        deepest = depth == DEEPEST - 1
        yield from (each for each in fields if deepest or each[1] not in CONTAINERS)
        if not any(kind in CONTAINERS for _, kind in fields):
            return


def _aggregate(name: str, stages: list[Document]) -> Document:
    return {"aggregate": name, "pipeline": stages, "cursor": {}, "allowDiskUse": True}


def _by_path(fields: set[Field]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for path, kind in fields:
        found.setdefault(_written(path), set()).add(kind)
    return {path: tuple(sorted(kinds)) for path, kinds in sorted(found.items())}


def _written(path: Path) -> str:
    """Return a path as the file has it."""
    shown = ""
    for part in path:
        dot = "." if shown else ""
        shown += ELEMENTS if part is None else f"{dot}{written(part)}"
    return shown

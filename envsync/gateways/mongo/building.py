"""Making collections as they were: options, indexes, and documents put in as they are stored."""

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from envsync.errors import CommandError
from envsync.gateways.mongo.catalogue import BUCKETS, Collection, collections, to_build
from envsync.gateways.mongo.session import Session, told

_DUPLICATE = 11000
_NOT_FOR_CREATE = {"autoIndexId", "uuid", "temp"}


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents that follow one another, as pymongo sends them: as they are, and not one by one."""

    _type_marker: ClassVar[int] = 101
    raw: bytes


def create(session: Session, database: str, collection: Collection, name: str) -> None:
    """Create an empty collection, or a view, with another's options."""
    options = {
        option: value
        for option, value in collection.options.items()
        if option not in _NOT_FOR_CREATE
    }
    session.command(database, {"create": name, **options})


def stored_in(collection: Collection, name: str) -> str:
    """Return where the documents of a collection lie that bears another name."""
    return f"{BUCKETS}{name}" if collection.kind == "timeseries" else name


def insert(session: Session, database: str, name: str, raw: bytes, count: int) -> int:
    """Put documents in as they are, with validators bypassed; returns how many were there before.

    Whether a collection may have documents twice is for the caller to know.
    """
    command = {
        "insert": name,
        "documents": [Batch(raw)],
        "ordered": False,
        "writeConcern": {"w": 1},
    }
    if not session.where.is_documentdb:
        command["bypassDocumentValidation"] = True
    answer = session.command(database, command)
    failures: list[Mapping[str, Any]] = answer.get("writeErrors", [])
    others = [failure for failure in failures if failure.get("code") != _DUPLICATE]
    if others or answer["n"] + len(failures) != count:
        why = f"code {others[0].get('code')}" if others else "no reason was given"
        raise CommandError(
            f"{session.where} took {answer['n']} of {count} documents of {database}.{name}: {why}"
        )
    return len(failures)


@contextmanager
def kept_as_made(session: Session, database: str, names: Iterable[str]) -> Iterator[None]:
    """Fail where somebody drops a collection that the block fills: an insert makes it again."""
    wanted = set(names)
    before = _identities(session, database, wanted)
    yield
    after = _identities(session, database, wanted)
    changed = sorted(name for name in wanted if before.get(name) != after.get(name))
    if changed:
        raise CommandError(
            f"somebody has dropped {', '.join(changed)} of {database} while it was filled; nothing "
            "was promoted"
        )


def _identities(session: Session, database: str, names: Container[str]) -> dict[str, str]:
    found = collections(session, database, indexes=False)
    return {each.name: each.uuid for each in found if each.name in names}


def build_indexes(session: Session, database: str, collection: Collection, name: str) -> None:
    """Build all of a collection's indexes in one pass over its documents."""
    wanted = to_build(collection)
    if collection.kind == "timeseries":
        present = {each["name"] for each in session.listed(database, {"listIndexes": name})}
        wanted = [index for index in wanted if index["name"] not in present]
    if wanted:
        try:
            session.command(database, {"createIndexes": name, "indexes": wanted})
        except CommandError as error:
            names = ", ".join(str(index.get("name")) for index in wanted)
            raise type(error)(f"the indexes {names} of {collection.name!r}: {error}") from error


def drop(session: Session, database: str, name: str) -> None:
    """Drop a collection, a view or a time series; one that is not there is no error."""
    with told(session.where):
        session.database(database).drop_collection(name, session=session.session)

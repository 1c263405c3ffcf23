"""Reading collections as they are stored: raw batches, large collections by ranges of _id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pymongo.client_session import ClientSession

from envsync.gateways.mongo.catalogue import Collection
from envsync.gateways.mongo.session import Session, told

BATCH_BYTES = 4 * 2**20
"""Bytes worth asking for at once: a server sends up to 16 MiB, which would be four times dearer."""
LARGEST_BATCH = 50_000
"""Documents in a batch at most: a server takes no more than 100,000 at once."""
WORTH_SPLITTING = 128 * 2**20
SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a collection's documents: all of them, or those in a range of _id."""

    collection: Collection
    batch: int
    bytes: int
    begin: Any = None
    end: Any = None
    whole: bool = True


def parts(
    session: Session, database: str, collection: Collection, share: int, *, ranges: bool
) -> list[Part]:
    """Return what is to be read of a collection, in parts of about a share's bytes."""
    size, documents = _size(session, database, collection)
    average = max(1, size // max(1, documents))
    batch = max(1, min(LARGEST_BATCH, BATCH_BYTES // average))
    wanted = -(-size // max(share, WORTH_SPLITTING))
    whole = Part(collection, batch, size)
    if not ranges or wanted < 2 or not collection.in_id_order:  # noqa: PLR2004 - two halves
        return [whole]
    bounds = _bounds(session, database, collection, wanted)
    edges = [None, *bounds, None]
    return [
        Part(collection, batch, size // wanted, begin, end, whole=False)
        for begin, end in pairwise(edges)
    ]


def _size(session: Session, database: str, collection: Collection) -> tuple[int, int]:
    stats = session.command(database, {"collStats": collection.name})
    return int(stats.get("size", 0)), int(stats.get("count", 0))


def _bounds(session: Session, database: str, collection: Collection, wanted: int) -> Sequence[Any]:
    """Return values of _id that cut a collection into about equal parts."""
    pipeline = [{"$sample": {"size": SAMPLES}}, {"$project": {"_id": 1}}, {"$sort": {"_id": 1}}]
    command = {"aggregate": collection.stored_in, "pipeline": pipeline, "cursor": {}}
    found = [each["_id"] for each in session.listed(database, command)]
    step = len(found) / wanted
    edges = [found[int(step * number)] for number in range(1, wanted)] if found else []
    return [edge for before, edge in zip([None, *edges], edges, strict=False) if edge != before]


def batches(
    session: Session, database: str, part: Part, reader: ClientSession | None = None
) -> Iterator[bytes]:
    """Yield documents, never decoded; in the order of insertion where the collection is capped.

    A range is given by bounds of the index, which hold for values of every type.
    """
    collection = session.database(database)[part.collection.stored_in]
    how: dict[str, Any] = {"batch_size": part.batch, "session": reader or session.session}
    if part.whole and not session.where.is_documentdb:
        how["hint"] = [("$natural", 1)]
    elif not part.whole:
        how["hint"] = [("_id", 1)]
        for side, bound in (("min", part.begin), ("max", part.end)):
            if bound is not None:
                how[side] = [("_id", bound)]
    with told(session.where), collection.find_raw_batches({}, **how) as cursor:
        yield from cursor

"""Time series: no server renames them, so their content is exchanged where it lies.

What is moved are the buckets they consist of. While one is replaced, readers see old and new
buckets side by side; never none.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from envsync.errors import CommandError
from envsync.gateways.mongo.building import build_indexes, create, drop, insert, stored_in
from envsync.gateways.mongo.catalogue import Collection
from envsync.gateways.mongo.parsing import count
from envsync.gateways.mongo.reading import batches, parts
from envsync.gateways.mongo.session import Session, told

_AT_ONCE = 500
_UNAUTHORIZED = 13
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def copy_series(session: Session, database: str, found: Collection, name: str) -> None:
    """Make a copy of a time series under another name."""
    create(session, database, found, name)
    for part in parts(session, database, found, 0, ranges=False):
        for raw in batches(session, database, part):
            insert(session, database, stored_in(found, name), raw, count(raw))
    build_indexes(session, database, found, name)


def put_series(session: Session, database: str, found: Collection, name: str) -> bool:
    """Give a time series another one's content; tells whether it was there at every moment.

    It takes the right to change buckets, which no usual role has; without it, it is made anew.
    """
    try:
        _replace(session, database, found, name)
    except CommandError as error:
        cause = error.__cause__
        if not (isinstance(cause, OperationFailure) and cause.code == _UNAUTHORIZED):
            raise
        drop(session, database, name)
        copy_series(session, database, found, name)
        return False
    return True


def _replace(session: Session, database: str, found: Collection, name: str) -> None:
    source, target = found.stored_in, stored_in(found, name)
    documents = _documents(session, database, source)
    while some := list(islice(documents, _AT_ONCE)):
        updates = [{"q": {"_id": each["_id"]}, "u": each, "upsert": True} for each in some]
        _write(session, database, {"update": target, "updates": updates})
    gone = _only_in_first(_ids(session, database, target), _ids(session, database, source))
    while ids := list(islice(gone, _AT_ONCE)):
        deletes = [{"q": {"_id": {"$in": ids}}, "limit": 0}]
        _write(session, database, {"delete": target, "deletes": deletes})


def _write(session: Session, database: str, command: dict[str, Any]) -> None:
    answer = session.command(database, command)
    for failure in answer.get("writeErrors", []):
        raise CommandError(f"{session.where} did not take a bucket: code {failure.get('code')}")


def _documents(session: Session, database: str, name: str) -> Iterator[RawBSONDocument]:
    collection = session.client.get_database(database).get_collection(name, codec_options=_RAW)
    with told(session.where), collection.find({}, session=session.begin()) as cursor:
        yield from cursor


def _ids(session: Session, database: str, name: str) -> Iterator[Any]:
    collection = session.database(database)[name]
    query = collection.find({}, {"_id": 1}, sort=[("_id", 1)], session=session.begin())
    with told(session.where), query as cursor:
        for each in cursor:
            yield each["_id"]


def _only_in_first(first: Iterator[Any], second: Iterator[Any]) -> Iterator[Any]:
    """Yield what only the first of two ascending streams has."""
    other = next(second, None)
    for each in first:
        while other is not None and other < each:
            other = next(second, None)
        if other != each:
            yield each

"""MongoDB's documents for a trial: each collection in one cursor."""

from collections.abc import Iterator
from typing import Any

from bson import json_util

from envsync.columns import written
from envsync.commands.trial import Copy
from envsync.gateways.mongo.session import CODEC, connect, told
from envsync.gateways.scope import Scope
from envsync.gateways.trial.documents import Documents
from envsync.gateways.trial.rows import Row, Table

_ID = "_id"


def tables(copy: Copy, scope: Scope) -> list[Table]:
    """Return all collections of a copy that hold documents of their own."""
    with connect(copy.target.endpoint, scope) as session:
        found = session.listed(copy.target.database, {"listCollections": 1})
    return [
        # Measurements of a time series need have no _id of their own.
        Table(written(each["name"]), each["name"], keyed=each.get("type") != "timeseries")
        for each in sorted(found, key=lambda each: str(each["name"]))
        if each.get("type", "collection") != "view" and not each["name"].startswith("system.")
    ]


def rows(copy: Copy, table: Table, scope: Scope) -> Iterator[Row]:
    """Yield every document of a collection."""
    endpoint = copy.target.endpoint
    with connect(endpoint, scope) as session, told(endpoint):
        collection = session.database(copy.target.database)[table.where].with_options(CODEC)
        with collection.find({}, session=session.begin()) as cursor:
            for document in cursor:
                yield Row(_text(document.get(_ID)), _DOCUMENTS.cells(document))


def _text(value: Any) -> str:
    """Return a value in extended JSON, in which each type of value looks different."""
    return json_util.dumps(value, json_options=json_util.RELAXED_JSON_OPTIONS)


_DOCUMENTS = Documents(_text)

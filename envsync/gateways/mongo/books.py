"""envsync's own database on a target: what lies beside live collections, and whence data came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import json_util

from envsync.commands.mongo import BOOKS
from envsync.gateways.mongo.archive import Entry
from envsync.gateways.mongo.catalogue import Collection, announced
from envsync.gateways.mongo.session import Document, Session
from envsync.provenance import Provenance

STAGED = "incoming"
"""The collection that says what lies beside the live collections, as the archive announced it."""
NOTES = "databases"
MAJORITY = {"w": "majority", "wtimeout": 60_000}


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of one state of a database: whence it came, and the views it had."""

    provenance: Provenance | None = None
    views: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)


def stage(session: Session, live: str, collections: list[Collection]) -> None:
    """Remember what is restored for a live database, in place of what was before."""
    unstage(session, live)
    documents = [
        {"_id": f"{live}.{each.name}", "database": live, **_written(each.entry(live))}
        for each in collections
    ]
    if documents:
        session.command(BOOKS, {"insert": STAGED, "documents": documents})


def _written(entry: Entry) -> Document:
    return {"name": entry.collection, "kind": entry.kind, "metadata": entry.metadata}


def staged(session: Session, live: str) -> list[Collection]:
    """Return what was restored for a live database."""
    found = session.listed(BOOKS, {"find": STAGED, "filter": {"database": live}})
    return [
        announced(Entry(live, each["name"], each["metadata"], each["kind"]))
        for each in sorted(found, key=lambda each: str(each["name"]))
    ]


def unstage(session: Session, live: str) -> None:
    """Forget what was restored for a live database."""
    deletes = [{"q": {"database": live}, "limit": 0}]
    session.command(BOOKS, {"delete": STAGED, "deletes": deletes})


def notes(session: Session, database: str) -> tuple[Note, Note]:
    """Return what is remembered of a live database and of its previous state."""
    found = session.listed(BOOKS, {"find": NOTES, "filter": {"_id": database}})
    document = found[0] if found else {}
    return _note(document.get("live")), _note(document.get("previous"))


def _note(document: Mapping[str, Any] | None) -> Note:
    if not document:
        return Note()
    return Note(
        Provenance.parse(document.get("provenance")),
        tuple(json_util.loads(document.get("views", "[]"))),
    )


def remember(session: Session, database: str, live: Note, previous: Note) -> None:
    """Write both notes, so that a majority of the replica set has them and all before."""
    document = {"_id": database, "live": _shown(live), "previous": _shown(previous)}
    session.command(
        BOOKS,
        {
            "update": NOTES,
            "updates": [{"q": {"_id": database}, "u": document, "upsert": True}],
            "writeConcern": MAJORITY,
        },
    )


def _shown(note: Note) -> Document:
    return {
        "provenance": str(note.provenance) if note.provenance else None,
        "views": json.dumps(json.loads(json_util.dumps(list(note.views)))),
    }

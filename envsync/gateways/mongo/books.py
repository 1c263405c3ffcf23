"""envsync's own database on a target: what lies beside live collections, and whence data came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
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


@dataclass(frozen=True, slots=True)
class Swap:
    """A rollback under way: what is to change places, told by what no rename changes.

    By name, the identities of collections and time series, "" on servers that give them none; and
    the views that were live. `phase` is how far the time series are.
    """

    live: Mapping[str, str] = field(hash=False)
    previous: Mapping[str, str] = field(hash=False)
    live_series: Mapping[str, str] = field(hash=False)
    previous_series: tuple[str, ...]
    views: tuple[Mapping[str, Any], ...] = field(hash=False)
    phase: int = 0


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


def cut_short(session: Session, database: str) -> Swap | None:
    """Return the rollback of a database that was begun, and has not come to its end."""
    found = session.listed(BOOKS, {"find": NOTES, "filter": {"_id": database}})
    if not found or not found[0].get("swap"):
        return None
    told = json_util.loads(found[0]["swap"])
    return Swap(
        told["live"],
        told["previous"],
        told["live_series"],
        tuple(told["previous_series"]),
        tuple(told["views"]),
        found[0]["phase"],
    )


def begin(session: Session, database: str, swap: Swap) -> None:
    """Write down that a rollback begins; `remember` is its end."""
    told = {each.name: getattr(swap, each.name) for each in fields(swap)}
    _set(session, database, {"$set": {"swap": json_util.dumps(told), "phase": 0}})


def reached(session: Session, database: str, phase: int) -> None:
    """Write down how far the time series of a rollback are."""
    _set(session, database, {"$set": {"phase": phase}})


def forget(session: Session, database: str) -> None:
    """Write down that a rollback was undone."""
    _set(session, database, {"$unset": {"swap": 1, "phase": 1}})


def _note(document: Mapping[str, Any] | None) -> Note:
    if not document:
        return Note()
    return Note(
        Provenance.parse(document.get("provenance")),
        tuple(json_util.loads(document.get("views", "[]"))),
    )


def remember(session: Session, database: str, live: Note, previous: Note) -> None:
    """Write both notes, so that a majority of the replica set has them and all before."""
    _set(session, database, {"live": _shown(live), "previous": _shown(previous)})


def _set(session: Session, database: str, document: Document) -> None:
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

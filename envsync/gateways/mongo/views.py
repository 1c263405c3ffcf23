"""Views: definitions that are put in place once the collections they read are."""

from collections.abc import Iterable, Mapping
from typing import Any

from envsync.gateways.mongo.building import create, drop
from envsync.gateways.mongo.catalogue import Collection, collections
from envsync.gateways.mongo.session import Session


def views(session: Session, database: str) -> list[Collection]:
    """Return a database's views."""
    return [each for each in collections(session, database, indexes=False) if each.kind == "view"]


def set_views(session: Session, database: str, wanted: Iterable[Collection]) -> None:
    """Have a database hold these views, and no others; one that stays is changed at once."""
    there = {each.name: each for each in views(session, database)}
    for view in wanted:
        present = there.pop(view.name, None)
        if present is None:
            create(session, database, view, view.name)
        elif dict(present.options) != dict(view.options):
            _change(session, database, present, view)
    for name in there:
        drop(session, database, name)


def _change(session: Session, database: str, present: Collection, view: Collection) -> None:
    if present.options.get("collation") != view.options.get("collation"):
        drop(session, database, view.name)
        create(session, database, view, view.name)
        return
    definition = {key: view.options[key] for key in ("viewOn", "pipeline")}
    session.command(database, {"collMod": view.name, **definition})


def written(view: Collection) -> Mapping[str, Any]:
    """Return a view as a note remembers it."""
    return {"name": view.name, "options": dict(view.options)}


def remembered(note: Mapping[str, Any]) -> Collection:
    """Return a view that a note remembers."""
    return Collection(note["name"], "view", note["options"])

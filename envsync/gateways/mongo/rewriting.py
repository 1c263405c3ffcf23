"""Texts replaced in a field of the quarantine, such as the domains of an environment."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from envsync.commands.mongo import Rewrite
from envsync.errors import CommandError
from envsync.gateways.mongo.scripts import collections, require, why
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope

_AT_ONCE = 1000
"""Documents that are changed by one command."""


def rewrite(command: Rewrite, scope: Scope) -> None:
    """Replace texts in one field of every document; whole texts and those in lists."""
    replacements = dict(command.replacements)
    pattern = re.compile("|".join(map(re.escape, sorted(replacements, key=len, reverse=True))))
    database = command.target.database
    with connect(command.target.endpoint, scope) as session:
        where = f"rewriting {command.collection}.{command.field}"
        require(command.collection, collections(session, database), where)
        updates: list[dict[str, Any]] = []
        for found in _found(session, command, pattern.pattern):
            old = _value(found, command.field)
            new = _replaced(old, pattern, replacements)
            if new != old:
                change = {"$set": {command.field: new}}
                updates.append({"q": {"_id": found["_id"]}, "u": change})
            if len(updates) == _AT_ONCE:
                _update(session, command, updates, where)
                updates = []
        _update(session, command, updates, where)


def _found(session: Session, command: Rewrite, pattern: str) -> Iterator[Mapping[str, Any]]:
    collection = session.database(command.target.database)[command.collection]
    matching = {command.field: {"$regex": pattern}}
    fields = {command.field: 1}
    with collection.find(matching, fields, session=session.begin()) as cursor:
        yield from cursor


def _value(document: Mapping[str, Any], field: str) -> Any:
    value: Any = document
    for part in field.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _replaced(value: Any, pattern: re.Pattern[str], replacements: Mapping[str, str]) -> Any:
    match value:
        case str():
            return pattern.sub(lambda found: replacements[found.group()], value)
        case list():
            return [_replaced(each, pattern, replacements) for each in value]
        case _:
            return value


def _update(session: Session, command: Rewrite, updates: list[dict[str, Any]], where: str) -> None:
    if not updates:
        return
    answer = session.command(
        command.target.database, {"update": command.collection, "updates": updates}
    )
    for failure in answer.get("writeErrors", []):
        raise CommandError(f"{where} failed: {why(failure)}; nothing was promoted")

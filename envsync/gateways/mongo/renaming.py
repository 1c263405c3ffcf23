"""Renaming many collections: all at once where the server can, else one by one, or back again."""

from collections.abc import Sequence

from pymongo.errors import OperationFailure

from envsync.errors import CommandError
from envsync.gateways.mongo.session import Session

Rename = tuple[str, str]
_CANNOT_AT_ONCE = {13, 20, 59, 73, 115, 238, 8000}
"""Unauthorized, IllegalOperation, CommandNotFound, InvalidNamespace, CommandNotSupported, …"""


def rename_all(
    session: Session, database: str, renames: Sequence[Rename], *, at_once: bool
) -> bool:
    """Rename collections within a database; tells whether no reader can have seen it half done.

    Raises CommandError after having renamed back what was renamed.
    """
    if not renames:
        return True
    try:
        if at_once and _at_once(session, database, renames):
            return True
        for old, new in renames:
            _rename(session, database, old, new)
    except CommandError as error:
        _rename_back(session, database, renames)
        raise CommandError(
            f"cannot rename the collections of {database!r}: {error}; what was live still is"
        ) from error
    return False


def _at_once(session: Session, database: str, renames: Sequence[Rename]) -> bool:
    """Rename under one lock; False where this server or this user cannot.

    applyOps holds the server's lock for all of its commands (MongoDB, repl/apply_ops.cpp).
    """
    operations = [
        {
            "op": "c",
            "ns": f"{database}.$cmd",
            "o": {
                "renameCollection": f"{database}.{old}",
                "to": f"{database}.{new}",
                "stayTemp": False,
                "dropTarget": False,
            },
        }
        for old, new in renames
    ]
    try:
        session.admin({"applyOps": operations})
    except CommandError as error:
        cause = error.__cause__
        if isinstance(cause, OperationFailure) and cause.code in _CANNOT_AT_ONCE:
            return False
        raise
    return True


def _rename(session: Session, database: str, old: str, new: str) -> None:
    command = {"renameCollection": f"{database}.{old}", "to": f"{database}.{new}"}
    session.admin(command)


def _rename_back(session: Session, database: str, renames: Sequence[Rename]) -> None:
    """Undo those renames that were done, the last one first."""
    found = session.listed(database, {"listCollections": 1, "nameOnly": True})
    there = {each["name"] for each in found}
    for old, new in reversed(renames):
        if new in there and old not in there:
            _rename(session, database, new, old)
            there = (there - {new}) | {old}

"""Claims: who is restoring a database of a server at this moment, whichever machine it is on.

A claim is a document that its holder renews; it ends by itself when it is renewed no more. On the
machine of a holder that has died it ends at once.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pymongo

from envsync.commands.mongo import BOOKS, Claim
from envsync.errors import BusyError, CommandError
from envsync.gateways.holders import has_ended, this_process
from envsync.gateways.mongo.session import STOP_PATIENCE, Session, connect
from envsync.gateways.scope import Scope

CLAIMS = "claims"
LASTS = timedelta(seconds=60)
"""How long a claim holds after it was renewed for the last time."""
RENEWED_EVERY = 15.0


@contextmanager
def claim(command: Claim, scope: Scope) -> Iterator[None]:
    """Hold a claim on a database's name.

    Raises BusyError while a pull on another machine holds it.
    """
    with connect(command.endpoint, scope) as session:
        token = uuid4().hex
        _take(session, command, token)
        done = threading.Event()
        renewing = threading.Thread(
            target=_renew_until, args=(done, session, command, token, scope), daemon=True
        )
        renewing.start()
        try:
            yield
        finally:
            done.set()
            renewing.join()
            _let_go(session, command, token)


def _let_go(session: Session, command: Claim, token: str) -> None:
    """Give the claim up; one that cannot be given up ends by itself."""
    deletes = [{"q": {"_id": command.database, "token": token}, "limit": 1}]
    with suppress(CommandError), pymongo.timeout(STOP_PATIENCE):
        session.command(BOOKS, {"delete": CLAIMS, "deletes": deletes})


def _take(session: Session, command: Claim, token: str) -> None:
    now = _now(session)
    found = session.listed(BOOKS, {"find": CLAIMS, "filter": {"_id": command.database}})
    if found and _holds(found[0], now):
        raise BusyError(_busy(command, found[0]))
    document = {
        "_id": command.database,
        "token": token,
        "host": socket.getfqdn(),
        "process": this_process(),
        "expires": now + LASTS,
    }
    before = {"_id": command.database, "token": found[0]["token"] if found else None}
    answer = session.command(
        BOOKS,
        {
            "update": CLAIMS,
            "updates": [{"q": before, "u": document, "upsert": not found}],
        },
    )
    if answer.get("writeErrors") or not answer["n"]:
        raise BusyError(_busy(command, {}))


def _holds(found: Mapping[str, Any], now: datetime) -> bool:
    return bool(found["expires"] > now and not has_ended(found.get("process", "")))


def _busy(command: Claim, found: Mapping[str, Any]) -> str:
    where = f" on {found['host']}" if "host" in found else ""
    return (
        f"another envsync{where} is restoring {command.database!r} on {command.endpoint} at this "
        f"moment; wait for it to end, or for its claim to: {int(LASTS.total_seconds())} s after it "
        "has died"
    )


def _renew_until(
    done: threading.Event, session: Session, command: Claim, token: str, scope: Scope
) -> None:
    while not done.wait(RENEWED_EVERY):
        try:
            held = _renewed(session, command, token)
        except CommandError:
            continue
        if not held:
            scope.cancel(f"another envsync has taken over {command.database!r}")
            return


def _renewed(session: Session, command: Claim, token: str) -> bool:
    update = {
        "q": {"_id": command.database, "token": token},
        "u": {"$set": {"expires": _now(session) + LASTS}},
    }
    return bool(session.command(BOOKS, {"update": CLAIMS, "updates": [update]})["n"])


def _now(session: Session) -> datetime:
    """Return the server's own time: machines may differ in theirs."""
    now: datetime = session.admin({"isMaster": 1})["localTime"]
    return now

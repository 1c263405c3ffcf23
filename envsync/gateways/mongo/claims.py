"""Claims: who is restoring a database of a server at this moment, whichever machine it is on.

A claim is a document that its holder renews; it ends by itself when it is renewed no more. On the
machine of a holder that has died it ends at once. A holder that was suspended meanwhile, or cut
off, finds out by renewing it, which is done before whatever must not be done by two.
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
from envsync.gateways.claims import overtaken
from envsync.gateways.holders import has_ended, this_process
from envsync.gateways.mongo.session import STOP_PATIENCE, Session, connect
from envsync.gateways.scope import Scope

CLAIMS = "claims"
LASTS = timedelta(seconds=60)
"""How long a claim holds after it was renewed for the last time."""
RENEWED_EVERY = 15.0


class Held:
    """A claim that this run took, and has for as long as nobody else took it over."""

    def __init__(self, session: Session, command: Claim, token: str) -> None:
        self._session = session
        self._command = command
        self._token = token
        self._lock = threading.Lock()

    def verify(self, untouched: str) -> None:
        """Renew the claim; raises CommandError, with what is `untouched`, where it is not ours."""
        if not self.renewed():
            raise overtaken(self._command.database, self._command.endpoint, untouched)

    def renewed(self) -> bool:
        """Renew the claim; tell whether it was still this run's."""
        with self._lock:
            update = {
                "q": {"_id": self._command.database, "token": self._token},
                "u": {"$set": {"expires": _now(self._session) + LASTS}},
            }
            return bool(self._session.command(BOOKS, {"update": CLAIMS, "updates": [update]})["n"])


@contextmanager
def claim(command: Claim, scope: Scope) -> Iterator[Held]:
    """Hold a claim on a database's name.

    Raises BusyError while a pull on another machine holds it.
    """
    with connect(command.endpoint, scope) as session:
        token = uuid4().hex
        _take(session, command, token)
        held, done = Held(session, command, token), threading.Event()
        renewing = threading.Thread(target=_renew_until, args=(done, held, scope), daemon=True)
        renewing.start()
        try:
            yield held
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


def _renew_until(done: threading.Event, held: Held, scope: Scope) -> None:
    while not done.wait(RENEWED_EVERY):
        try:
            ours = held.renewed()
        except CommandError:
            continue
        if not ours:
            scope.cancel("another envsync has taken the place of this run")
            return


def _now(session: Session) -> datetime:
    """Return the server's own time: machines may differ in theirs."""
    now: datetime = session.admin({"isMaster": 1})["localTime"]
    return now

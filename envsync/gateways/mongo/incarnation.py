"""Whether a server is still the process that took in a copy: one killed meanwhile has lost a part.

What MongoDB has acknowledged is in its journal a moment later. A server that is killed in that
moment and started again holds collections without their last documents, or a quarantine without
the last of its sanitising, and answers as if nothing had been.
"""

from envsync.commands.mongo import BOOKS
from envsync.errors import CommandError
from envsync.gateways.mongo.claims import CLAIMS
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.places import Endpoint

KEPT = "mongo.incarnation"


def incarnation(endpoint: Endpoint, scope: Scope) -> object:
    """Return what tells one process of a server from the next; None before MongoDB 4.4."""
    with connect(endpoint, scope) as session:
        return _process(session)


def require_same(endpoint: Endpoint, before: object, scope: Scope, untouched: str) -> None:
    """Have all that was written be in the journal; raises CommandError where it may be lost.

    The error ends with what is `untouched` then.
    """
    with connect(endpoint, scope) as session:
        nothing = {"q": {"_id": {"$exists": False}}, "u": {"$set": {"token": ""}}}
        journalled = {"w": 1, "j": True}
        session.command(BOOKS, {"update": CLAIMS, "updates": [nothing], "writeConcern": journalled})
        if _process(session) != before:
            raise CommandError(
                f"{endpoint} was started again, or another member became the primary, while the "
                f"copy was made, and may have lost the last of it; {untouched}"
            )


def _process(session: Session) -> object:
    said = session.admin({"isMaster": 1})
    return said.get("topologyVersion", {}).get("processId")

"""What is written down of an exchange under way, for whoever finds it cut short.

Whether the tables have changed places is told by a mark, a table of envsync's own that moves in the
same RENAME TABLE as they do: nothing can come between the two.
"""

import hashlib

from envsync.commands.mysql import OWN_SCHEMA
from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError
from envsync.gateways.mysql import schemas as kept
from envsync.gateways.mysql.renaming import Renaming, whole
from envsync.gateways.mysql.session import Session

_UNDER_WAY = f"{quoted(OWN_SCHEMA)}.under_way"
_PATIENCE = 60
"""Seconds in which a killed run's session ends on the server: what it waited for is bounded."""


def alone(session: Session, live: str) -> None:
    """Wait until no other session exchanges a schema's tables, and keep others waiting.

    What a killed run had begun, its session may still be at: servers notice late that nobody waits.
    """
    ((held,),) = session.run(
        "SELECT GET_LOCK(%s, %s)", (f"envsync.exchange.{_digest(live)}", _PATIENCE)
    )
    if held != 1:
        raise CommandError(
            f"a session of another run still exchanges the tables of {live!r}; it ends by itself"
        )


def begin(session: Session, live: str, coming: str) -> None:
    """Write down that a schema's tables are about to be exchanged, and lay the mark."""
    kept.prepare(session)
    _remove_mark(session, live)
    session.run(f"CREATE TABLE {whole(mark(live)[0])} (moves_with_the_tables INT) ENGINE=InnoDB")
    session.run(f"REPLACE INTO {_UNDER_WAY} VALUES (%s, %s)", (live, coming))


def mark(live: str) -> Renaming:
    """Return where the mark lies until the tables change places, and where from then on."""
    digest = _digest(live)
    return (OWN_SCHEMA, f"waits_{digest}"), (OWN_SCHEMA, f"moved_{digest}")


def are_moved(session: Session, live: str) -> bool:
    """Tell whether the tables of an exchange have changed places."""
    return kept.knows(session, mark(live)[1][1])


def cut_short(session: Session, live: str) -> str | None:
    """Return the schema that was to become live, where that was cut short."""
    if not kept.knows(session, "under_way"):
        return None
    found = session.run(f"SELECT coming FROM {_UNDER_WAY} WHERE live = %s", (live,))
    return str(found[0][0]) if found else None


def forget(session: Session, live: str) -> None:
    """Write down that an exchange has come to its end; its mark means nothing then."""
    session.run(f"DELETE FROM {_UNDER_WAY} WHERE live = %s", (live,))


def end(session: Session, live: str) -> None:
    """Write down that an exchange has come to its end, and take the mark away."""
    forget(session, live)
    _remove_mark(session, live)


def _remove_mark(session: Session, live: str) -> None:
    session.run("DROP TABLE IF EXISTS " + ", ".join(map(whole, mark(live))))


def _digest(live: str) -> str:
    # Names of tables and locks have at most 64 characters (MySQL manual, Identifier Length Limits).
    return hashlib.sha256(live.encode()).hexdigest()[:40]

"""Tables of several schemas that change places in one RENAME TABLE."""

from collections.abc import Sequence

import pymysql
from pymysql.constants import ER
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError
from envsync.gateways.mysql import schemas as kept
from envsync.gateways.mysql.definitions import drop_objects
from envsync.gateways.mysql.following import OF_TABLES, PATIENCE, put_missing
from envsync.gateways.mysql.objects import Object
from envsync.gateways.mysql.session import Session, code
from envsync.gateways.scope import Scope

ATTEMPT = 1
"""Seconds one attempt may keep clients waiting."""
BETWEEN_ATTEMPTS = 1.0
# Sessions of clients of a schema that have a transaction open, and so may hold its tables.
_HOLDING = """
SELECT p.ID FROM information_schema.PROCESSLIST p
  JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
 WHERE p.DB = %s AND p.ID <> CONNECTION_ID()
"""

Move = tuple[str, str]
"""The schema whose tables go to another, and that other one."""
Place = tuple[str, str]
"""A schema and a table in it."""
Renaming = tuple[Place, Place]


class _OccupiedError(CommandError):
    """Somebody holds a table of the live schema."""


def renamings(session: Session, moves: Sequence[Move]) -> list[Renaming]:
    """Return the tables that change schemas, in an order in which each finds its place free."""
    found = {schema: kept.tables(session, schema) for move in moves for schema in move}
    renamed: list[Renaming] = []
    for old, new in moves:
        renamed += [((old, table), (new, table)) for table in found[old]]
        found[new] = found[old]
    return renamed


def reversed_renamings(renamed: Sequence[Renaming]) -> list[Renaming]:
    """Return what puts tables back where they were."""
    return [(new, old) for old, new in reversed(renamed)]


def rename(
    session: Session, renamed: Sequence[Renaming], live: str, going: Sequence[Object], scope: Scope
) -> None:
    """Rename tables in one statement; tried again while somebody holds one of them.

    Triggers and events of what is going go just before, and come back where the tables stay.
    """
    hooks = [each for each in going if each.kind in OF_TABLES]
    statement = "RENAME TABLE " + ", ".join(f"{whole(old)} TO {whole(new)}" for old, new in renamed)
    for attempt in Retrying(
        retry=retry_if_exception_type(_OccupiedError),
        stop=stop_after_delay(PATIENCE),
        wait=wait_fixed(BETWEEN_ATTEMPTS),
        reraise=True,
    ):
        with attempt:
            scope.check()
            session.run(f"SET SESSION lock_wait_timeout = {ATTEMPT}")
            try:
                drop_objects(session, hooks, OF_TABLES)
                session.run(statement)
            except pymysql.Error as error:
                if code(error) != ER.LOCK_WAIT_TIMEOUT:
                    raise
                _end_holders(session, live)
                put_missing(session, live, hooks)
                raise _OccupiedError(
                    f"a transaction or a query of a client holds a table of {live!r}; end it"
                ) from None


def _end_holders(session: Session, live: str) -> None:
    """End the sessions with an open transaction in the live schema, as far as this account may."""
    try:
        for (number,) in session.run(_HOLDING, (live,)):
            session.run(f"KILL {int(number)}")
    except pymysql.Error:
        # They may end by themselves; if not, the error after the last attempt says what to do.
        return


def whole(place: Place) -> str:
    """Return a table with its schema, quoted."""
    return f"{quoted(place[0])}.{quoted(place[1])}"

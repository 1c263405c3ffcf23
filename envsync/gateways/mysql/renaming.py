"""Tables of several schemas that change places in one RENAME TABLE."""

from collections.abc import Callable, Collection, Sequence

import pymysql
from pymysql.constants import ER
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError
from envsync.gateways.mysql import schemas as kept
from envsync.gateways.mysql.definitions import drop_objects
from envsync.gateways.mysql.following import OF_TABLES, PATIENCE, put_missing
from envsync.gateways.mysql.objects import Object
from envsync.gateways.mysql.session import Session, code, said
from envsync.gateways.scope import Scope

ATTEMPT = 1
"""Seconds one attempt may keep clients waiting."""
BETWEEN_ATTEMPTS = 1.0
_HELD = frozenset({ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK})
_CHANGED = frozenset({ER.NO_SUCH_TABLE, ER.TABLE_EXISTS_ERROR})
"""What a server says where an application has dropped or made tables since they were listed."""
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
    """Somebody holds a table of the live schema, or has just made or dropped one."""


def renamings(session: Session, moves: Sequence[Move]) -> list[Renaming]:
    """Return the tables that change schemas, in an order in which each finds its place free."""
    found = {schema: kept.tables(session, schema) for move in moves for schema in move}
    renamed: list[Renaming] = []
    for old, new in moves:
        renamed += [((old, table), (new, table)) for table in found[old]]
        found[new] = found[old]
    return renamed


def reversed_renamings(session: Session, renamed: Sequence[Renaming], aside: str) -> list[Renaming]:
    """Return what puts tables back where they were, as far as they are still there.

    What has been made in the place of one meanwhile goes aside, to a schema of that name.
    """
    schemas = {schema for renaming in renamed for schema, _ in renaming}
    there = {(schema, table) for schema in schemas for table in kept.tables(session, schema)}
    found: list[Renaming] = []

    def move(old: Place, new: Place) -> None:
        there.remove(old)
        there.add(new)
        found.append((old, new))

    for old, new in reversed(renamed):
        if new in there:
            if old in there:
                move(old, (aside, old[1]))
            move(new, old)
    return found


def rename(
    session: Session,
    listed: Callable[[], Sequence[Renaming]],
    live: str,
    going: Sequence[Object],
    scope: Scope,
) -> None:
    """Rename tables in one statement; tried again while somebody holds, makes or drops one of them.

    They are listed for each attempt. Triggers and events of what is going go just before, and views
    that bear the names of tables to come; they come back where the tables stay.
    """
    for attempt in Retrying(
        retry=retry_if_exception_type(_OccupiedError),
        stop=stop_after_delay(PATIENCE),
        wait=wait_fixed(BETWEEN_ATTEMPTS),
        reraise=True,
    ):
        with attempt:
            scope.check()
            session.run(f"SET SESSION lock_wait_timeout = {ATTEMPT}")
            renamed = listed()
            hooks = _in_the_way(going, {name for _, (schema, name) in renamed if schema == live})
            try:
                drop_objects(session, hooks, (*OF_TABLES, "VIEW"))
                session.run(_statement(renamed))
            except pymysql.Error as error:
                if code(error) not in _HELD | _CHANGED:
                    raise
                _end_holders(session, live)
                put_missing(session, live, hooks)
                raise _OccupiedError(_why(live, error)) from None


def _in_the_way(going: Sequence[Object], coming: Collection[str]) -> list[Object]:
    return [
        each
        for each in going
        if each.kind in OF_TABLES or (each.kind == "VIEW" and each.name in coming)
    ]


def _statement(renamed: Sequence[Renaming]) -> str:
    return "RENAME TABLE " + ", ".join(f"{whole(old)} TO {whole(new)}" for old, new in renamed)


def _why(live: str, error: pymysql.Error) -> str:
    if code(error) in _HELD:
        return f"a transaction or a query of a client holds a table of {live!r}; end it"
    return f"a client makes or drops tables of {live!r} again and again: {said(error)}"


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

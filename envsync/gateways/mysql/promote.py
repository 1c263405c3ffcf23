"""Promote and roll back: all tables change places in one RENAME TABLE, the rest follows them.

RENAME TABLE is atomic: whoever reads finds the old tables or the new ones, and never none. It takes
no table with triggers to another schema, so they are dropped just before, when the tables they
belong to are about to go. Views are replaced where they are. What a killed run leaves halfway is
written down beforehand, and brought to its end by the next one.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import pymysql
from pymysql.constants import ER
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from envsync.commands import Measured, Target
from envsync.commands.mysql import Schemas
from envsync.commands.mysql_promote import Promote, Recover, SwapBack
from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError, EnvsyncError
from envsync.gateways.mysql import schemas as kept
from envsync.gateways.mysql.definitions import create, drop_objects, objects_of
from envsync.gateways.mysql.objects import KINDS, Object
from envsync.gateways.mysql.session import Session, code, connect, said
from envsync.gateways.scope import Scope

PATIENCE = 30.0
"""Seconds in which whoever holds the live tables is given the chance to let go of them."""
ATTEMPT = 1
"""Seconds one attempt may keep clients waiting."""
BETWEEN_ATTEMPTS = 1.0
_OF_TABLES = ("TRIGGER", "EVENT")
_OTHERS = ("VIEW", "FUNCTION", "PROCEDURE", "PACKAGE", "PACKAGE BODY")
# Sessions of clients of a schema that have a transaction open, and so may hold its tables.
_HOLDING = """
SELECT p.ID FROM information_schema.PROCESSLIST p
  JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
 WHERE p.DB = %s AND p.ID <> CONNECTION_ID()
"""

_PROBE = "envsync_probe"
_ONE = "RETURNS INT DETERMINISTIC NO SQL RETURN 1"

Move = tuple[str, str]


class _OccupiedError(CommandError):
    """Somebody holds a table of the live schema."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What changes places, and what belongs to it: `old` goes, `new` comes."""

    schemas: Schemas
    coming: str
    moves: tuple[Move, ...]
    old: tuple[Object, ...]
    new: tuple[Object, ...]


def promote(command: Promote, scope: Scope) -> Measured:
    """Put the incoming tables in the live ones' place, all or nothing."""
    names = command.schemas
    with connect(Target(command.endpoint, names.live), scope, schema=False) as session:
        for schema in (names.live, names.previous, names.discarded):
            session.run(
                f"CREATE DATABASE IF NOT EXISTS {quoted(schema)} "
                f"CHARACTER SET {command.character_set} COLLATE {command.collation}"
            )
        session.run(
            f"ALTER DATABASE {quoted(names.live)} "
            f"CHARACTER SET {command.character_set} COLLATE {command.collation}"
        )
        session.run(f"USE {quoted(names.live)}")
        kept.write_provenance(session, names.incoming, command.provenance)
        moves = (
            (names.previous, names.discarded),
            (names.live, names.previous),
            (names.incoming, names.live),
        )
        warnings = _exchange(session, _planned(session, names, names.incoming, moves), scope)
        _settled(session, names, names.incoming)
        warnings += _dropped(session, names)
    return Measured(data_of=command.provenance.stamp, warnings=warnings)


def swap_back(command: SwapBack, scope: Scope) -> None:
    """Exchange the live tables and the previous ones, and what goes with them."""
    names = command.schemas
    with connect(Target(command.endpoint, names.live), scope) as session:
        session.run(f"CREATE DATABASE IF NOT EXISTS {quoted(names.discarded)}")
        moves = (
            (names.live, names.discarded),
            (names.previous, names.live),
            (names.discarded, names.previous),
        )
        _exchange(session, _planned(session, names, names.previous, moves), scope)
        _settled(session, names, names.previous)
        session.run(f"DROP DATABASE IF EXISTS {quoted(names.discarded)}")


def recover(command: Recover, scope: Scope) -> None:
    """Bring an exchange to its end that a killed run has left halfway."""
    names = command.schemas
    with connect(Target(command.endpoint, names.live), scope, schema=False) as session:
        cut_short = kept.exchange_cut_short(session, names.live)
        if cut_short is None:
            return
        coming, renamed = cut_short
        session.run(f"USE {quoted(names.live)}")
        if renamed or (coming == names.incoming and not kept.tables(session, coming)):
            _create(session, kept.kept_objects(session, coming))
            _settled(session, names, coming)
        else:
            _create(session, kept.kept_objects(session, _outgoing(names)))
            kept.end_exchange(session, names.live)


def _create(session: Session, objects: Sequence[Object]) -> tuple[str, ...]:
    session.run(f"SET SESSION lock_wait_timeout = {PATIENCE:.0f}")
    return create(session, objects, mariadb=_is_mariadb(session))


def _planned(session: Session, names: Schemas, coming: str, moves: tuple[Move, ...]) -> _Exchange:
    old = tuple(objects_of(session, names.live))
    new = tuple(kept.kept_objects(session, coming))
    return _Exchange(names, coming, moves, old, new)


def _exchange(session: Session, exchange: _Exchange, scope: Scope) -> tuple[str, ...]:
    """Let schemas change places; whatever fails, the live one is as it was."""
    names = exchange.schemas
    _rehearse(session, exchange)
    renames = _renames(session, exchange.moves)
    kept.keep_objects(session, _outgoing(names), exchange.old)
    kept.begin_exchange(session, names.live, exchange.coming)
    hooks = [each for each in exchange.old if each.kind in _OF_TABLES]
    try:
        _rename(session, renames, exchange, scope)
    except (EnvsyncError, pymysql.Error) as error:
        _create(session, hooks)
        kept.end_exchange(session, names.live)
        raise _failed(names, error) from None
    try:
        kept.mark_renamed(session, names.live)
        warnings = _create(session, exchange.new)
        drop_objects(session, exchange.old, _OTHERS, keep=exchange.new)
    except (EnvsyncError, pymysql.Error) as error:
        _undo(session, exchange, renames, scope)
        raise _failed(names, error) from None
    return warnings


def _rehearse(session: Session, exchange: _Exchange) -> None:
    """Create what is new where it does no harm, so as to fail before anything live is touched.

    Also what is old must be creatable again: a server that writes a binary log may keep accounts
    without SUPER from triggers and functions (MySQL manual, Stored Program Binary Logging).
    """
    rehearsed = [each for each in exchange.new if each.kind != "EVENT"]
    if any(each.kind in {"TRIGGER", "FUNCTION"} for each in exchange.old):
        rehearsed.append(Object("FUNCTION", _PROBE, f"CREATE FUNCTION {_PROBE}() {_ONE}".encode()))
    session.run(f"USE {quoted(exchange.coming)}")
    try:
        _create(session, rehearsed)
    except CommandError:
        # Who may not create one may not drop one either.
        with suppress(pymysql.Error):
            drop_objects(session, rehearsed, KINDS)
        raise
    drop_objects(session, rehearsed, KINDS)
    session.run(f"USE {quoted(exchange.schemas.live)}")


def _undo(
    session: Session, exchange: _Exchange, renames: Sequence[tuple[Move, Move]], scope: Scope
) -> None:
    back = replace(exchange, old=exchange.new, new=exchange.old)
    _rename(session, [(new, old) for old, new in reversed(renames)], back, scope)
    drop_objects(session, exchange.new, _OTHERS, keep=exchange.old)
    _create(session, exchange.old)
    kept.end_exchange(session, exchange.schemas.live)


def _renames(session: Session, moves: Sequence[Move]) -> list[tuple[Move, Move]]:
    """Return the tables that change schemas, in an order in which each finds its place free."""
    found = {schema: kept.tables(session, schema) for move in moves for schema in move}
    renames = []
    for old, new in moves:
        renames += [((old, table), (new, table)) for table in found[old]]
        found[new] = found[old]
    return renames


def _rename(
    session: Session, renames: Sequence[tuple[Move, Move]], exchange: _Exchange, scope: Scope
) -> None:
    """Rename tables in one statement; tried again while somebody holds one of them.

    Triggers go just before, and come back at once where the tables stay.
    """
    live = exchange.schemas.live
    statement = "RENAME TABLE " + ", ".join(f"{_name(old)} TO {_name(new)}" for old, new in renames)
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
                drop_objects(session, exchange.old, _OF_TABLES)
                if renames:
                    session.run(statement)
            except pymysql.Error as error:
                if code(error) != ER.LOCK_WAIT_TIMEOUT:
                    raise
                _end_holders(session, live)
                _create(session, [each for each in exchange.old if each.kind in _OF_TABLES])
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


def _settled(session: Session, names: Schemas, coming: str) -> None:
    """Write down which objects and data are kept as previous now, and end the exchange."""
    outgoing = kept.kept_objects(session, _outgoing(names))
    went, came = (kept.provenance(session, schema) for schema in (names.live, coming))
    session.begin()
    kept.keep_objects(session, coming, ())
    kept.keep_objects(session, names.previous, outgoing)
    kept.keep_objects(session, _outgoing(names), ())
    kept.write_provenance(session, coming, None)
    kept.write_provenance(session, names.previous, went)
    kept.write_provenance(session, names.live, came)
    kept.end_exchange(session, names.live)
    session.commit()


def _dropped(session: Session, names: Schemas) -> tuple[str, ...]:
    """Drop what nobody needs any more; what remains is a warning, the new data is live."""
    try:
        kept.drop(session, names.incoming)
        kept.drop(session, names.discarded)
    except pymysql.Error as error:
        return (f"{names.discarded!r} could not be dropped: {said(error)}",)
    return ()


def _failed(names: Schemas, error: EnvsyncError | pymysql.Error) -> EnvsyncError:
    if isinstance(error, EnvsyncError) and not isinstance(error, CommandError):
        return error
    why = said(error) if isinstance(error, pymysql.Error) else str(error)
    return CommandError(f"cannot put {names.live!r} in its place: {why}; what was live still is")


def _outgoing(names: Schemas) -> str:
    """Return the name under which the live schema's objects are kept while they go."""
    return f"{names.live}__outgoing"


def _is_mariadb(session: Session) -> bool:
    ((version,),) = session.run("SELECT VERSION()")
    return "mariadb" in str(version).lower()


def _name(table: Move) -> str:
    return f"{quoted(table[0])}.{quoted(table[1])}"

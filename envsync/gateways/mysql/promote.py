"""Promote and roll back: all tables change places in one RENAME TABLE, the rest follows them.

RENAME TABLE is atomic: whoever reads finds the old tables or the new ones, and never none. It takes
no table with triggers to another schema, so they are dropped just before, when the tables they
belong to are about to go. Views are replaced where they are. What a killed run leaves halfway is
written down beforehand, and brought to its end by the next one.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pymysql

from envsync.commands import Measured, Target
from envsync.commands.mysql import Schemas
from envsync.commands.mysql_promote import Promote, Recover, SwapBack
from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError, EnvsyncError
from envsync.gateways.interrupted import FINISHED
from envsync.gateways.mysql import exchanges
from envsync.gateways.mysql import schemas as kept
from envsync.gateways.mysql.definitions import drop_objects, objects_of
from envsync.gateways.mysql.following import OTHERS, put, put_back
from envsync.gateways.mysql.objects import KINDS, Object
from envsync.gateways.mysql.renaming import (
    Move,
    Renaming,
    rename,
    renamings,
    reversed_renamings,
)
from envsync.gateways.mysql.session import Session, connect, said
from envsync.gateways.scope import Scope

_LOGGER = logging.getLogger(__name__)
_PROBE = "envsync_probe"
_ONE = "RETURNS INT DETERMINISTIC NO SQL RETURN 1"


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


def swap_back(command: SwapBack, scope: Scope) -> Measured:
    """Exchange the live tables and the previous ones, and what goes with them.

    What was cut short comes to its end first; if that was a rollback, it is the one asked for.
    """
    names = command.schemas
    came, warnings = _recovered(Recover(command.endpoint, names), scope)
    finished = came == names.previous
    with connect(Target(command.endpoint, names.live), scope) as session:
        kept.drop(session, names.discarded)
        if not finished:
            warnings += _swap(session, names, scope)
        live = kept.provenance(session, names.live)
    return Measured(
        data_of=live.stamp if live else None,
        warnings=(*((FINISHED,) if finished else ()), *warnings),
    )


def _swap(session: Session, names: Schemas, scope: Scope) -> tuple[str, ...]:
    session.run(f"CREATE DATABASE {quoted(names.discarded)}")
    moves = (
        (names.live, names.discarded),
        (names.previous, names.live),
        (names.discarded, names.previous),
    )
    warnings = _exchange(session, _planned(session, names, names.previous, moves), scope)
    _settled(session, names, names.previous)
    # All is exchanged: an error would have it exchanged again.
    try:
        kept.drop(session, names.discarded)
    except pymysql.Error as error:
        warnings += (f"{names.discarded!r} could not be dropped: {said(error)}",)
    return warnings


def recover(command: Recover, scope: Scope) -> Measured:
    """Bring an exchange to its end that was cut short; back, where no table has changed its place.

    That is what the tables themselves tell: either state is reached whole, as far as applications
    have left what it is made of.
    """
    return Measured(warnings=_recovered(command, scope)[1])


def _recovered(command: Recover, scope: Scope) -> tuple[str | None, tuple[str, ...]]:
    """Recover; returns the schema whose tables are live now because of it, and warnings.

    None where none has changed places.
    """
    live = command.schemas.live
    with connect(Target(command.endpoint, live), scope, schema=False) as session:
        if exchanges.cut_short(session, live) is None:
            return None, ()
        exchanges.alone(session, live)
        # Its session may have ended it meanwhile.
        coming = exchanges.cut_short(session, live)
        if coming is None:
            return None, ()
        session.run(f"USE {quoted(live)}")
        moved, warnings = _finish(session, command.schemas, coming)
        return coming if moved else None, warnings


def _finish(session: Session, names: Schemas, coming: str) -> tuple[bool, tuple[str, ...]]:
    """Bring an exchange to its end; tell whether its tables had changed places, and warnings."""
    old = kept.kept_objects(session, _outgoing(names))
    new = kept.kept_objects(session, coming)
    moved = exchanges.are_moved(session, names.live)
    if moved:
        warnings = put(session, new, whole=False)
        drop_objects(session, old, OTHERS, keep=new)
        _settled(session, names, coming)
    else:
        warnings = put_back(session, names.live, old, instead=new)
        exchanges.end(session, names.live)
    return moved, warnings


def _planned(session: Session, names: Schemas, coming: str, moves: tuple[Move, ...]) -> _Exchange:
    old = tuple(objects_of(session, names.live))
    new = tuple(kept.kept_objects(session, coming))
    return _Exchange(names, coming, moves, old, new)


def _exchange(session: Session, exchange: _Exchange, scope: Scope) -> tuple[str, ...]:
    """Let schemas change places; whatever fails, the live one is as it was."""
    names = exchange.schemas
    _rehearse(session, exchange)
    exchanges.alone(session, names.live)
    kept.keep_objects(session, _outgoing(names), exchange.old)
    exchanges.begin(session, names.live, exchange.coming)
    renamed: list[Renaming] = []

    def listed() -> list[Renaming]:
        renamed[:] = [*renamings(session, exchange.moves), exchanges.mark(names.live)]
        return renamed

    try:
        rename(session, listed, names.live, exchange.old, scope)
        warnings = put(session, exchange.new)
        drop_objects(session, exchange.old, OTHERS, keep=exchange.new)
        return (*warnings, *_strays(session, names.live, renamed))
    except (EnvsyncError, pymysql.Error) as error:
        session.close()
        _undo(exchange, renamed, session.target, error)
        scope.check()
        raise _failed(names, error) from None


def _strays(session: Session, live: str, renamed: Sequence[Renaming]) -> tuple[str, ...]:
    """Tell of tables that an application has made beside those that came."""
    came = {table for _, (schema, table) in renamed if schema == live}
    made = [table for table in kept.tables(session, live) if table not in came]
    if not made:
        return ()
    names = ", ".join(map(repr, made))
    return (f"{names} was made in {live!r} while its tables were exchanged, and is still there",)


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
        put(session, rehearsed)
    except CommandError:
        # Who may not create one may not drop one either.
        with suppress(pymysql.Error):
            drop_objects(session, rehearsed, KINDS)
        raise
    drop_objects(session, rehearsed, KINDS)
    session.run(f"USE {quoted(exchange.schemas.live)}")


def _undo(
    exchange: _Exchange,
    renamed: Sequence[Renaming],
    target: Target,
    error: EnvsyncError | pymysql.Error,
) -> None:
    """Put back what was live, in a session that no signal and no deadline of the step ends."""
    live = exchange.schemas.live
    scope = Scope()
    try:
        with connect(target, scope) as session:
            exchanges.alone(session, live)
            if exchanges.are_moved(session, live):
                back = partial(reversed_renamings, session, renamed, exchange.coming)
                rename(session, back, live, exchange.new, scope)
            for warning in put_back(session, live, exchange.old, instead=exchange.new):
                _LOGGER.warning("%s", warning)
            exchanges.end(session, live)
    except CommandError as worse:
        raise type(worse)(
            f"cannot put {live!r} in its place: {_why(error)}; and what was live could not be put "
            f"back: {worse}; the next run does one or the other"
        ) from None


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
    exchanges.forget(session, names.live)
    session.commit()
    with suppress(pymysql.Error):
        exchanges.end(session, names.live)


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
    return CommandError(
        f"cannot put {names.live!r} in its place: {_why(error)}; what was live still is"
    )


def _why(error: EnvsyncError | pymysql.Error) -> str:
    return said(error) if isinstance(error, pymysql.Error) else str(error)


def _outgoing(names: Schemas) -> str:
    """Return the name under which the live schema's objects are kept while they go."""
    return f"{names.live}__outgoing"

"""Roll back: live and previous change places, all of it or nothing; what was cut short is finished.

What is to change places is written down before anything does, by identities that renames leave as
they are. So whoever finds a rollback halfway can tell for each collection whether it has.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from envsync.commands import Measured
from envsync.commands.mongo import DISCARDED, PREVIOUS, RESERVED
from envsync.commands.mongo_promote import SwapBack
from envsync.errors import CommandError
from envsync.gateways.interrupted import FINISHED
from envsync.gateways.mongo.books import (
    Note,
    Swap,
    begin,
    cut_short,
    forget,
    notes,
    reached,
    remember,
)
from envsync.gateways.mongo.catalogue import Collection, collections
from envsync.gateways.mongo.exchanging import Series
from envsync.gateways.mongo.promote import drop_prefixed, make_way, or_undone, undone_on_failure
from envsync.gateways.mongo.renaming import Renaming, renaming
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.mongo.views import remembered, set_views, written
from envsync.gateways.scope import Scope

_LOGGER = logging.getLogger(__name__)
_Exchange = Callable[[Series, Renaming], None]


def swap_back(command: SwapBack, scope: Scope) -> Measured:
    """Exchange what is live and what was before; one that was cut short is brought to its end."""
    database = command.target.database
    with connect(command.target.endpoint, scope) as session:
        now, before = notes(session, database)
        begun = cut_short(session, database)
        swap = begun or _planned(session, database)
        exchange = partial(_exchange, swap, before)
        if begun is None:
            _all_or_nothing(command, session, swap, exchange)
        with _to_be_finished(database):
            if begun is not None:
                renames = Renaming(session, database, at_once=command.at_once)
                exchange(Series(session, database), renames)
            Series(session, database).settle(swap)
        remember(session, database, Note(before.provenance), Note(now.provenance, swap.views))
        # All is exchanged: an error would have it exchanged again.
        try:
            drop_prefixed(session, database, DISCARDED)
        except CommandError as error:
            _LOGGER.warning("clearing up is left to the next pull: %s", error)
    return Measured(warnings=(FINISHED,) if begun else ())


def _planned(session: Session, database: str) -> Swap:
    """Tell what is to change places."""
    drop_prefixed(session, database, DISCARDED)
    there = collections(session, database, indexes=False)
    live = [each for each in there if not each.name.startswith(RESERVED)]
    previous = [each for each in there if each.name.startswith(PREVIOUS)]
    _refuse_mixed(database, live, previous)
    return Swap(
        {each.name: each.uuid for each in live if each.kind == "collection"},
        {
            each.name.removeprefix(PREVIOUS): each.uuid
            for each in previous
            if each.kind == "collection"
        },
        {each.name: each.uuid for each in live if each.kind == "timeseries"},
        tuple(each.name.removeprefix(PREVIOUS) for each in previous if each.kind == "timeseries"),
        tuple(written(each) for each in live if each.kind == "view"),
    )


def _refuse_mixed(
    database: str, live: Sequence[Collection], previous: Sequence[Collection]
) -> None:
    """Refuse to exchange a time series and a collection: the one would go as the other comes."""
    was = {each.name.removeprefix(PREVIOUS): each.kind for each in previous}
    mixed = [
        each.name
        for each in live
        if each.kind != "view" and was.get(each.name, each.kind) != each.kind
    ]
    if mixed:
        raise CommandError(
            f"{', '.join(mixed)} of {database!r} is a time series in the one of live and previous "
            "and a collection in the other, and these cannot change places; nothing was rolled "
            "back: pull an older artefact instead, with --timestamp"
        )


def _all_or_nothing(command: SwapBack, session: Session, swap: Swap, exchange: _Exchange) -> None:
    database = command.target.database
    series = Series(session, database)
    views = [remembered(each) for each in swap.views]
    with (
        _written_down(session, database, swap),
        undone_on_failure(series, views),
        renaming(session, database, at_once=command.at_once) as renames,
        or_undone(series.unmake),
    ):
        exchange(series, renames)


@contextmanager
def _to_be_finished(database: str) -> Iterator[None]:
    """Go on where nothing is undone any more; after a failure, whoever comes next does."""
    try:
        yield
    except CommandError as error:
        raise type(error)(
            f"cannot finish the rollback of {database!r}: {error}; some collections may be of the "
            "one state and some of the other: roll back again, which finishes it, or pull"
        ) from error


@contextmanager
def _written_down(session: Session, database: str, swap: Swap) -> Iterator[None]:
    """Have it known what is under way until all is done, or all is undone.

    Servers that give collections no identities could not be asked what was done.
    """
    if "" not in {*swap.live.values(), *swap.previous.values()}:
        begin(session, database, swap)
    try:
        yield
    except CommandError:
        with suppress(CommandError):
            places = _places(session, database)
            if all(places.get(identity) == name for name, identity in swap.live.items()):
                forget(session, database)
        raise


def _exchange(swap: Swap, before: Note, series: Series, renames: Renaming) -> None:
    session, database = series.session, series.database
    make_way(session, database, {*swap.previous, *swap.previous_series})
    series.swap(swap, partial(reached, session, database))
    _rename(renames, swap, _places(session, database))
    set_views(session, database, [remembered(each) for each in before.views])


def _places(session: Session, database: str) -> dict[str, str]:
    """Return what each collection is called, by its identity."""
    return {each.uuid: each.name for each in collections(session, database, indexes=False)}


def _rename(renames: Renaming, swap: Swap, places: Mapping[str, str]) -> None:
    for name, identity in swap.previous.items():
        at = places.get(identity) if identity else f"{PREVIOUS}{name}"
        if at == f"{PREVIOUS}{name}":
            renames.replace(at, name, f"{DISCARDED}{name}")
            renames.put_aside(f"{DISCARDED}{name}", at)
        elif name in swap.live:
            # It has been put in its place already; what was there may be on its way.
            went = places.get(swap.live[name])
            if went is not None and went != f"{PREVIOUS}{name}":
                renames.put_aside(went, f"{PREVIOUS}{name}")
    for name, identity in swap.live.items():
        at = places.get(identity) if identity else name
        if name not in swap.previous and at == name:
            renames.put_aside(name, f"{PREVIOUS}{name}")

"""Promote: what lies beside takes the place of what is live, all of it or nothing."""

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager

from envsync.commands import Measured
from envsync.commands.mongo import DISCARDED, INCOMING, PREVIOUS, RESERVED
from envsync.commands.mongo_promote import Promote
from envsync.errors import CommandError
from envsync.gateways.mongo.books import Note, notes, remember, staged, unstage
from envsync.gateways.mongo.building import drop
from envsync.gateways.mongo.catalogue import Collection, collections
from envsync.gateways.mongo.exchanging import Series
from envsync.gateways.mongo.renaming import Renaming, renaming
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.mongo.views import set_views, written
from envsync.gateways.scope import Scope

_GAPS = (
    "between its two renames each collection was missing for a moment: this server, or the roles "
    "of envsync's user, allow no applyOps, which the role restore does"
)
_ANEW = (
    "time series were missing while they were made anew: to have them replaced where they lie "
    "takes a role that may update and remove in their system_buckets, see docs/mongo.md"
)


def promote(command: Promote, require_ours: Callable[[], None], scope: Scope) -> Measured:
    """Put the incoming collections in the live ones' place, if they are still this run's."""
    database = command.target.database
    with connect(command.target.endpoint, scope) as session:
        wanted = staged(session, database)
        drop_prefixed(session, database, DISCARDED)
        there = collections(session, database)
        _require_all(wanted, there)
        live = [each for each in there if not each.name.startswith(RESERVED)]
        came, _ = notes(session, database)
        kept = PREVIOUS if command.keep_previous else DISCARDED
        series = Series(session, database)
        require_ours()
        with (
            undone_on_failure(series, live),
            renaming(session, database, at_once=command.at_once) as renames,
            or_undone(series.unmake),
        ):
            make_way(session, database, [each.name for each in wanted if each.kind != "view"])
            _clear_previous(renames, series, there, kept)
            for name in _made_series(wanted, live):
                renames.put_aside(name, f"{kept}{name}")
            whole = series.replace(wanted, there, kept)
            _rename(renames, wanted, there, kept)
            set_views(session, database, _views(wanted))
        before = Note(came.provenance, tuple(written(each) for each in _views(live)))
        remember(session, database, Note(command.provenance), before)
        warnings = _cleared(session, command)
    spoken = (*((_GAPS,) if renames.gaps else ()), *(() if whole else (_ANEW,)))
    return Measured(data_of=command.provenance.stamp, warnings=(*spoken, *warnings))


def _require_all(wanted: Sequence[Collection], there: Sequence[Collection]) -> None:
    names = {each.name for each in there}
    for each in wanted:
        if each.kind != "view" and f"{INCOMING}{each.name}" not in names:
            raise CommandError(
                f"{INCOMING}{each.name} has gone since it was restored; nothing was promoted"
            )


def _clear_previous(
    renames: Renaming, series: Series, there: Sequence[Collection], kept: str
) -> None:
    """Move the old previous away: its collections so that they can come back."""
    for each in there:
        if each.name.startswith(kept):
            if each.kind == "timeseries":
                drop(series.session, series.database, each.name)
            elif kept == PREVIOUS:
                renames.put_aside(each.name, f"{DISCARDED}{each.name.removeprefix(PREVIOUS)}")


def _made_series(coming: Sequence[Collection], live: Sequence[Collection]) -> list[str]:
    """Return the names of time series to come that are none yet: collections may bear them."""
    present = {each.name for each in live if each.kind == "timeseries"}
    return [each.name for each in coming if each.kind == "timeseries" and each.name not in present]


def _rename(
    renames: Renaming, wanted: Sequence[Collection], there: Sequence[Collection], kept: str
) -> None:
    """Put each collection in the place of its predecessor.

    A live collection that the artefact does not have goes as well.
    """
    present = [each.name for each in there if each.kind == "collection"]
    incoming = [each.name for each in wanted if each.kind == "collection"]
    taken = {each.name for each in wanted if each.kind != "view"}
    for name in incoming:
        renames.replace(f"{INCOMING}{name}", name, f"{kept}{name}")
    for name in present:
        if not name.startswith(RESERVED) and name not in taken:
            renames.put_aside(name, f"{kept}{name}")


@contextmanager
def undone_on_failure(series: Series, live: Sequence[Collection]) -> Iterator[None]:
    """Put time series, out of what was saved of them, and views back as they were.

    Renames are undone by themselves.
    """

    def put_views_back() -> None:
        set_views(series.session, series.database, _views(live))

    with or_undone(series.put_back, put_views_back):
        yield


@contextmanager
def or_undone(*undo: Callable[[], None]) -> Iterator[None]:
    """Have the block go well, or what it did undone."""
    try:
        yield
    except CommandError as error:
        try:
            for each in undo:
                each()
        except CommandError as again:
            raise CommandError(
                f"{error}; but time series and views could not all be put back: {again}; pull again"
            ) from error
        raise


def make_way(session: Session, database: str, names: Container[str]) -> None:
    """Drop live views whose names become those of collections."""
    for each in collections(session, database, indexes=False):
        if each.kind == "view" and each.name in names:
            drop(session, database, each.name)


def _views(found: Sequence[Collection]) -> list[Collection]:
    return [each for each in found if each.kind == "view"]


def _cleared(session: Session, command: Promote) -> tuple[str, ...]:
    """Drop what is neither live nor previous; the new data is live, so a failure is a warning."""
    database = command.target.database
    try:
        drop_prefixed(session, database, DISCARDED)
        drop_prefixed(session, database, INCOMING)
        if not command.keep_previous:
            drop_prefixed(session, database, PREVIOUS)
        unstage(session, database)
    except CommandError as error:
        return (f"the new data is live; clearing up is left to the next pull: {error}",)
    return ()


def drop_prefixed(session: Session, database: str, prefix: str) -> None:
    """Drop all collections whose names begin with a prefix that is reserved for envsync."""
    for each in collections(session, database, indexes=False):
        if each.name.startswith(prefix):
            drop(session, database, each.name)

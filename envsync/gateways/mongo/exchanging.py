"""Time series in promotes and rollbacks: exchanged by their content, put back after a failure."""

from collections.abc import Mapping, Sequence

from envsync.commands.mongo import DISCARDED, INCOMING, PREVIOUS, RESERVED
from envsync.gateways.mongo.building import drop
from envsync.gateways.mongo.catalogue import Collection, collections
from envsync.gateways.mongo.series import copy_series, put_series
from envsync.gateways.mongo.session import Session


def replace_series(  # noqa: PLR0913, PLR0917 - what there is, and where it goes
    session: Session,
    database: str,
    wanted: Sequence[Collection],
    there: Sequence[Collection],
    kept: str,
    saved: dict[str, str],
) -> bool:
    """Replace the content of time series, and keep what they held under a second name.

    Tells whether each of them was there at every moment. Before one is touched it is `saved`, with
    the name of its copy, which is whole then.
    """
    present = {each.name: each for each in there if each.kind == "timeseries"}
    incoming = {each.name: each for each in wanted if each.kind == "timeseries"}
    whole = True
    for name, live in present.items():
        if not name.startswith(RESERVED):
            drop(session, database, f"{kept}{name}")
            copy_series(session, database, live, f"{kept}{name}")
            if name not in incoming or _differ(live, incoming[name]):
                saved[name] = f"{kept}{name}"
                drop(session, database, name)
    for name, series in incoming.items():
        beside = present[f"{INCOMING}{name}"]
        if name in present and not _differ(present[name], series):
            saved[name] = f"{kept}{name}"
            whole = put_series(session, database, beside, name) and whole
        else:
            copy_series(session, database, beside, name)
            whole = whole and name not in present
    return whole


def swap_series(
    session: Session, database: str, there: Sequence[Collection], saved: dict[str, str]
) -> None:
    """Exchange the content of live and previous time series; what was live is `saved` first."""
    series = {each.name: each for each in there if each.kind == "timeseries"}
    live = [name for name in series if not name.startswith(RESERVED)]
    previous = [name.removeprefix(PREVIOUS) for name in series if name.startswith(PREVIOUS)]
    for name in live:
        copy_series(session, database, series[name], f"{DISCARDED}{name}")
        saved[name] = f"{DISCARDED}{name}"
        drop(session, database, name)
    for name in previous:
        copy_series(session, database, series[f"{PREVIOUS}{name}"], name)
        drop(session, database, f"{PREVIOUS}{name}")
    for name in live:
        aside = next(
            each for each in collections(session, database) if each.name == f"{DISCARDED}{name}"
        )
        copy_series(session, database, aside, f"{PREVIOUS}{name}")


def put_back(session: Session, database: str, saved: Mapping[str, str]) -> None:
    """Fill time series again out of what was saved of them."""
    there = {each.name: each for each in collections(session, database)}
    for name, copy in saved.items():
        if name in there:
            put_series(session, database, there[copy], name)
        else:
            copy_series(session, database, there[copy], name)


def _differ(one: Collection, other: Collection) -> bool:
    return dict(one.options) != dict(other.options)

"""Time series in promotes and rollbacks: exchanged by their content, put back after a failure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from envsync.commands.mongo import DISCARDED, INCOMING, PREVIOUS, RESERVED
from envsync.gateways.mongo.building import drop
from envsync.gateways.mongo.catalogue import Collection, collections
from envsync.gateways.mongo.series import copy_series, put_series
from envsync.gateways.mongo.session import Session


@dataclass(slots=True)
class Series:
    """The time series of one database, while they are exchanged.

    Before one is touched it is `saved`, with the name of its copy, which is whole then.
    """

    session: Session
    database: str
    saved: dict[str, str] = field(default_factory=dict)

    def replace(self, wanted: Sequence[Collection], there: Sequence[Collection], kept: str) -> bool:
        """Replace the content of time series, and keep what they held under a second name.

        Tells whether each of them was there at every moment.
        """
        present = {each.name: each for each in there if each.kind == "timeseries"}
        incoming = {each.name: each for each in wanted if each.kind == "timeseries"}
        whole = True
        for name, live in present.items():
            if not name.startswith(RESERVED):
                self._drop(f"{kept}{name}")
                self._copy(live, f"{kept}{name}")
                if name not in incoming or _differ(live, incoming[name]):
                    self.saved[name] = f"{kept}{name}"
                    self._drop(name)
        for name, series in incoming.items():
            beside = present[f"{INCOMING}{name}"]
            if name in present and not _differ(present[name], series):
                self.saved[name] = f"{kept}{name}"
                whole = put_series(self.session, self.database, beside, name) and whole
            else:
                self._copy(beside, name)
                whole = whole and name not in present
        return whole

    def swap(self, there: Sequence[Collection]) -> None:
        """Exchange the content of live and previous time series."""
        series = {each.name: each for each in there if each.kind == "timeseries"}
        live = [name for name in series if not name.startswith(RESERVED)]
        previous = [name.removeprefix(PREVIOUS) for name in series if name.startswith(PREVIOUS)]
        for name in live:
            self._copy(series[name], f"{DISCARDED}{name}")
            self.saved[name] = f"{DISCARDED}{name}"
            self._drop(name)
        for name in previous:
            self._copy(series[f"{PREVIOUS}{name}"], name)
            self._drop(f"{PREVIOUS}{name}")
        aside = self._present()
        for name in live:
            self._copy(aside[f"{DISCARDED}{name}"], f"{PREVIOUS}{name}")

    def put_back(self) -> None:
        """Fill time series again out of what was saved of them."""
        there = self._present()
        for name, copy in self.saved.items():
            if name in there:
                put_series(self.session, self.database, there[copy], name)
            else:
                self._copy(there[copy], name)

    def _present(self) -> dict[str, Collection]:
        return {each.name: each for each in collections(self.session, self.database)}

    def _copy(self, series: Collection, name: str) -> None:
        copy_series(self.session, self.database, series, name)

    def _drop(self, name: str) -> None:
        drop(self.session, self.database, name)


def _differ(one: Collection, other: Collection) -> bool:
    return dict(one.options) != dict(other.options)

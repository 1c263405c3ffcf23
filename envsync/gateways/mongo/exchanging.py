"""Time series in promotes and rollbacks: exchanged by their content, put back after a failure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from envsync.commands.mongo import DISCARDED, INCOMING, PREVIOUS, RESERVED
from envsync.errors import CommandError
from envsync.gateways.mongo.books import Swap
from envsync.gateways.mongo.building import drop
from envsync.gateways.mongo.catalogue import Collection, collections
from envsync.gateways.mongo.series import copy_series, put_series
from envsync.gateways.mongo.session import Session, code

_EXISTS = 48
_ATTEMPTS = 20
_ASIDE, _FILLED = 1, 2
"""How far time series are: live ones copied aside, and then their places filled."""


@dataclass(slots=True)
class Series:
    """The time series of one database, while they are exchanged.

    Before one is touched it is `saved`, with the name of its copy, which is whole then. Those that
    are `made` bear names that no time series had.
    """

    session: Session
    database: str
    saved: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    def replace(self, wanted: Sequence[Collection], there: Sequence[Collection], kept: str) -> bool:
        """Replace the content of time series, and keep what they held under a second name.

        Tells whether each of them was there at every moment.
        """
        present = {each.name: each for each in there if each.kind == "timeseries"}
        incoming = {each.name: each for each in wanted if each.kind == "timeseries"}
        whole = True
        for name, live in present.items():
            if not name.startswith(RESERVED):
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
                if name not in present:
                    self.made.append(name)
                self._make(beside, name)
                whole = whole and name not in present
        return whole

    def swap(self, wanted: Swap, reached: Callable[[int], None]) -> None:
        """Give live time series the content of previous ones, on from the phase it was at.

        In each phase a copy is whole before what it was made of is dropped; the previous stay.
        """
        if wanted.phase < _ASIDE:
            there = self._present()
            for name, identity in wanted.live_series.items():
                if name in there and there[name].uuid == identity:
                    self._copy_over(there[name], f"{DISCARDED}{name}")
                    self.saved[name] = f"{DISCARDED}{name}"
                    self._drop(name)
            reached(_ASIDE)
        if wanted.phase < _FILLED:
            there = self._present()
            for name in wanted.previous_series:
                if name not in wanted.live_series:
                    self.made.append(name)
                if f"{PREVIOUS}{name}" in there:
                    self._copy_over(there[f"{PREVIOUS}{name}"], name)
            reached(_FILLED)

    def settle(self, swapped: Swap) -> None:
        """Have the previous time series be what was live; it may be begun again."""
        there = self._present()
        for name in swapped.live_series:
            if f"{DISCARDED}{name}" in there:
                self._copy_over(there[f"{DISCARDED}{name}"], f"{PREVIOUS}{name}")
        for name in swapped.previous_series:
            if name not in swapped.live_series:
                self._drop(f"{PREVIOUS}{name}")

    def unmake(self) -> None:
        """Drop what was made under names that no time series had; others may want them back."""
        for name in self.made:
            self._drop(name)

    def put_back(self) -> None:
        """Fill time series again out of what was saved of them."""
        there = self._present()
        for name, copy in self.saved.items():
            now = there.get(name)
            if copy not in there:
                continue
            if now and now.kind == "timeseries" and not _differ(now, there[copy]):
                put_series(self.session, self.database, there[copy], name)
            else:
                self._drop(name)
                self._make(there[copy], name)
        gone = [name for name, copy in self.saved.items() if copy not in there]
        if gone:
            raise CommandError(f"somebody has dropped the copies of {', '.join(gone)}")

    def _make(self, series: Collection, name: str) -> None:
        """Make a time series where none is; what an application makes there first gives way."""
        for _ in range(_ATTEMPTS):
            try:
                return self._copy(series, name)
            except CommandError as error:
                if code(error) != _EXISTS:
                    raise
            self._drop(name)
        return self._copy(series, name)

    def _present(self) -> dict[str, Collection]:
        return {each.name: each for each in collections(self.session, self.database)}

    def _copy(self, series: Collection, name: str) -> None:
        copy_series(self.session, self.database, series, name)

    def _copy_over(self, series: Collection, name: str) -> None:
        self._drop(name)
        self._copy(series, name)

    def _drop(self, name: str) -> None:
        drop(self.session, self.database, name)


def _differ(one: Collection, other: Collection) -> bool:
    return dict(one.options) != dict(other.options)

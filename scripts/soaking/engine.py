"""What the soak needs to know of an engine."""

from collections.abc import Mapping
from typing import Any, Protocol

from scripts.soaking.rows import Row, Seen


class Engine(Protocol):
    """Two servers of one kind, production's and integration's, and how they are worked with."""

    KIND: str
    """What inventories call it."""
    SUFFIX: str
    """What the names of its scripts end with."""
    COLUMNS: str
    """What is decided of every column; NAME stands for the database's name."""

    @property
    def ports(self) -> Mapping[str, int]:
        """Where production and integration listen."""

    def server(self, environment: str) -> Mapping[str, Any]:
        """Return a server as inventories tell it, without host and port."""

    def database(self, name: str) -> Mapping[str, Any]:
        """Return what inventories tell of a database besides its server, name and path."""

    def scripts(self, name: str, fault: str | None) -> Mapping[str, str]:
        """Return the files that sanitise a database, by what follows its name; or fail to.

        A fault is "failing", "leaving" (an address is forgotten, and the checks find it), or
        "slow".
        """

    def create(self, names: list[str]) -> None:
        """Make empty databases at both ends, and the roles that work with them."""

    def fill(self, name: str, rows: list[Row]) -> None:
        """Give production's database other rows, those of a new generation."""

    def begin(self, name: str, rows: list[Row]) -> None:
        """Give integration's database its first rows, clean ones."""

    def held(self, name: str) -> int:
        """Return how many people production's database has."""

    def seen(self, name: str) -> Seen | None:
        """Read integration's live database as an ordinary role; None where it cannot connect."""

    def peeked(self, name: str) -> list[Row]:
        """Read what an ordinary role can of a database's quarantine."""

    def left(self, names: list[str]) -> list[str]:
        """Tell of quarantines, claims and sessions of envsync that are still there."""

    def disturb(self, environment: str) -> str | None:
        """Kill something of the server in the midst of its work; returns what, if it was there."""

    def hold(self, environment: str, name: str, seconds: float) -> bool:
        """Hold a lock on a database's people for a while; returns whether one was held."""

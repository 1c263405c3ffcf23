"""What is gathered from a file of steps and checks, until all of it has been read."""

from dataclasses import dataclass, field

from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.reading import Change, Flaw, Look, Reading, Unread


@dataclass(slots=True)
class Draft:
    """What has been read so far of a file of steps and checks, for the length of one call."""

    catalogue: Catalogue | None
    changes: list[Change] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def reading(self, queries: int) -> Reading:
        """Return all that was read, as a value."""
        found = tuple(self.changes), tuple(self.looks), tuple(self.flaws), tuple(self.unread)
        return Reading(*found, queries)

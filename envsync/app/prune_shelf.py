"""One database's artefacts in one storage: looked at, decided on, removed, oldest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from envsync.app.prune_hands import Came, PruneHands
from envsync.commands import Command
from envsync.commands.pruning import RemoveOrphan
from envsync.dbms.dumps import ABANDONED_AFTER
from envsync.dbms.pruning import Fate, fates, removal
from envsync.errors import EnvsyncError, InterruptedStepError
from envsync.execution.stop import Stop
from envsync.facts.shelf import Lying, Orphan
from envsync.gateways import pruning
from envsync.inventory.model import Database
from envsync.places import Storage
from envsync.reporting.prune import Decided
from envsync.running import State

KEEP, REMOVE, LEFT = "keep", "remove", "left alone"


@dataclass(slots=True)
class Tally:
    """What one run has come to so far."""

    removed: int = 0
    freed: int = 0
    problems: list[str] = field(default_factory=list)
    versioned: set[str] = field(default_factory=set)

    @property
    def exit_code(self) -> int:
        """0 where all is done, 2 where nothing was touched, else 1."""
        if not self.problems:
            return 0
        return 1 if self.removed else 2

    def mark(self) -> Came:
        return Came(self.removed, self.freed, tuple(self.problems))

    def since(self, before: Came) -> Came:
        """Return what has come since a mark."""
        return Came(
            self.removed - before.removed,
            self.freed - before.freed,
            tuple(self.problems[len(before.problems) :]),
        )


@dataclass(frozen=True, slots=True)
class Prune:
    """One run: when it is, what it works with, what it remembers, and what it came to."""

    now: datetime
    hands: PruneHands
    remembered: State
    stop: Stop
    tally: Tally


def on_shelf(
    run: Prune, database: Database, storage: Storage, readers: Sequence[str]
) -> Iterator[Decided]:
    """Yield a line for all that lies there, newest first, once it has been removed or kept."""
    whose = pruning.Whose(
        storage, database.path, database.name, database.environment.name, database.key
    )
    found = pruning.shelf(whose, run.now - ABANDONED_AFTER)
    place = _Place(run, database, storage, readers)
    decided = place.fates(found.artefacts)
    # The oldest goes first: whatever ends the run, what is left has no gaps.
    lines = [place.carried_out(fate) for fate in reversed(decided)]
    yield from reversed(lines)
    for orphan in found.orphans:
        yield place.orphan_removed(orphan)


@dataclass(frozen=True, slots=True)
class _Place:
    """A database's artefacts in a storage, for the length of one run."""

    run: Prune
    database: Database
    storage: Storage
    readers: Sequence[str]

    @property
    def name(self) -> str:
        """The database as the table names it."""
        is_clean = self.storage == self.database.clean_storage
        return f"{self.database}, clean" if is_clean else str(self.database)

    def fates(self, found: Sequence[Lying]) -> tuple[Fate, ...]:
        """Decide on all of them; of a database that somebody holds everything is kept."""
        name = self.database.environment.name
        restored = self.run.remembered.journal.restored(name, self.database.key)
        held = self._held()
        if held:
            return tuple(Fate(lying, keep=True, why=held) for lying in found)
        return fates(self.database, found, restored, self.run.now)

    def _held(self) -> str:
        place = (self.database.environment.name, self.database.key)
        for hold in self.run.remembered.holds.all():
            if (hold.environment, hold.key) == place and not hold.is_past(self.run.now.date()):
                return str(hold)
        return ""

    def carried_out(self, fate: Fate) -> Decided:
        """Remove an artefact that is to go, unless it is locked, and tell what came of it."""
        lying = fate.lying
        name, size = str(lying.key.stamp), lying.bytes
        if fate.keep:
            return Decided(self.name, name, size, KEEP, fate.why)
        commands = tuple(removal(self.database, self.storage, lying))
        keys = (lying.key.manifest, str(lying.key))
        return self._removed(name, size, fate.why, keys, commands)

    def orphan_removed(self, orphan: Orphan) -> Decided:
        """Remove what has no manifest, but of a database that somebody holds nothing."""
        name, held = orphan.key.rpartition("/")[2], self._held()
        if held:
            return Decided(self.name, name, orphan.bytes, KEEP, held)
        commands = (RemoveOrphan(self.storage, orphan.key),)
        return self._removed(name, orphan.bytes, "it has no manifest", (orphan.key,), commands)

    def _removed(
        self,
        name: str,
        size: int | None,
        why: str,
        keys: Sequence[str],
        commands: Iterable[Command],
    ) -> Decided:
        try:
            locked = self._locked(keys)
            if not locked:
                self._carry_out(commands, size or 0)
        except EnvsyncError as error:
            self.run.tally.problems.append(f"{name}: {error}")
            return Decided(self.name, name, size, LEFT, str(error))
        return Decided(self.name, name, size, KEEP if locked else REMOVE, locked or why)

    def _locked(self, keys: Sequence[str]) -> str:
        """Say until when the storage keeps an object, "" if it lets all of them go."""
        found = pruning.protections(self.storage, keys)
        if any(each.versioned for each in found.values()):
            self.run.tally.versioned.add(self.storage.url)
        return next((each.locked for each in found.values() if each.locked), "")

    def _carry_out(self, commands: Iterable[Command], size: int) -> None:
        """Remove one thing; a signal ends the run between two of them."""
        if self.run.stop.reason is not None:
            raise InterruptedStepError(self.run.stop.reason)
        self.run.hands.refuse_busy(self.readers)
        for command in commands:
            self.run.hands.perform(command)
        self.run.tally.removed += 1
        self.run.tally.freed += size

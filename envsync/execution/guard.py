"""Keep a step apart from others on this machine, and the machine from rebooting meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from envsync.execution.lock import StepLocks, busy
from envsync.execution.reboot_lock import reboot_lock
from envsync.execution.stop import Stop
from envsync.inventory.model import Database
from envsync.plan.model import Copy, Step


def lock_name(step: Step) -> str:
    """Name the lock of what a step works on: a push and a pull of one database share theirs."""
    if isinstance(step.action, Copy):
        target = step.action.sync.target.place
        return f"{target.url} on {target.storage.endpoint_url or 'AWS'}"
    return database_lock(step.database)


def database_lock(database: Database) -> str:
    """Name the lock of a database."""
    return f"{database.name} on {database.server.endpoint}"


@dataclass(frozen=True, slots=True)
class MachineGuard:
    """The locks of this machine."""

    locks: StepLocks

    @contextmanager
    def hold(self, step: Step, stop: Stop) -> Iterator[None]:
        """Hold the step's locks, waiting up to its deadline for whoever holds them."""
        deadline = step.options.deadline
        patience = deadline.total_seconds() if deadline else 0.0
        reboot = step.environment.reboot_lock
        with (
            self.locks.hold(lock_name(step), patience, lambda: stop.requested),
            reboot_lock(reboot.directory, reboot.name) if reboot else nullcontext(),
        ):
            yield

    def look(self, step: Step) -> None:
        """Raise BusyError where somebody holds what the step needs, and it would not wait."""
        holder = self.locks.is_held(lock_name(step))
        if holder is not None and not step.options.deadline:
            raise busy(holder)


class OpenGuard:
    """Holds nothing: a dry run is in nobody's way."""

    @contextmanager
    def hold(self, step: Step, stop: Stop) -> Iterator[None]:
        """Let the step pass."""
        del step, stop
        yield

    def look(self, step: Step) -> None:
        """Let the step pass."""
        del step

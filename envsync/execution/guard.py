"""Keep a step apart from others on this machine, and the machine from rebooting meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from envsync.execution.lock import StepLocks
from envsync.execution.reboot_lock import reboot_lock
from envsync.execution.stop import Stop
from envsync.inventory.model import Database
from envsync.plan.model import Step


def lock_name(database: Database) -> str:
    """Name the lock of a database: a push and a pull of it exclude each other."""
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
            self.locks.hold(lock_name(step.database), patience, lambda: stop.requested),
            reboot_lock(reboot.directory, reboot.name) if reboot else nullcontext(),
        ):
            yield


class OpenGuard:
    """Holds nothing: a dry run is in nobody's way."""

    @contextmanager
    def hold(self, step: Step, stop: Stop) -> Iterator[None]:
        """Let the step pass."""
        del step, stop
        yield

"""The errors envsync raises on purpose; anything else is a bug and looks like one.

EnvsyncError
├── InventoryError      the inventory does not say what it should; every problem at once
├── RefusedError        what was asked cannot be done safely; nothing was touched
│   ├── BusyError           the same is being done already, by a run that will tell how it ends
│   ├── MissingSecretError  a password is not where the inventory says it is
│   └── NoPreviousError     there is nothing to roll back to
├── CommandError        a command was carried out and failed
│   ├── UnsoundError       an artefact is not what its manifest says
│   └── UnavailableError   the other side could not be reached; trying again may help
└── InterruptedStepError   a signal or a deadline ended the step
"""

from collections.abc import Sequence


class EnvsyncError(Exception):
    """Something an operator can act on; the message is a sentence for them."""


class InventoryError(EnvsyncError):
    """All the problems of an inventory, each as ``file:line: sentence``."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class RefusedError(EnvsyncError):
    """What was asked cannot be done safely; nothing was touched."""


class BusyError(RefusedError):
    """The same is being done at this moment, by a run that will tell how it ends."""


class MissingSecretError(RefusedError):
    """A password or a credential is not where it was looked for."""


class NoPreviousError(RefusedError):
    """There is nothing to roll back to: nothing has been replaced yet, or it was not kept."""


class CommandError(EnvsyncError):
    """A command was carried out and failed."""


class UnsoundError(CommandError):
    """An artefact, named by its key, is not what its manifest says it is."""

    def __init__(self, message: str, artefact: str) -> None:
        super().__init__(message)
        self.artefact = artefact


class UnavailableError(CommandError):
    """The other side could not be reached or did not answer; trying again may help."""


class InterruptedStepError(EnvsyncError):
    """A signal or a deadline ended the step before it was done."""

"""Programs an inventory names, run after a promote: caches to clear, services to reload."""

import os

from envsync.commands.steps import RunProgram
from envsync.errors import CommandError
from envsync.gateways.process import Surroundings, running
from envsync.gateways.scope import Scope

_KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ")
"""Variables of envsync's own that any program may need; the others may hold secrets."""


def run_program(command: RunProgram, scope: Scope) -> None:
    """Run a program to its end; raises CommandError, saying that the copy is live, if it fails."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        with running(command.argv, scope, Surroundings(kept | dict(command.variables))):
            pass
    except CommandError as error:
        raise CommandError(f"the copy is live, but after_promote went wrong: {error}") from error

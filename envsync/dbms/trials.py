"""Trials: what a pull changes in a copy, found out without promoting it. Pure."""

from collections.abc import Iterable, Iterator

from envsync.artefacts import Manifest
from envsync.commands import Command
from envsync.commands.trial import (
    CELL_BYTES,
    ROW_BYTES,
    RememberRows,
    RoomToRemember,
    TellChanges,
)
from envsync.errors import RefusedError
from envsync.facts import Facts, PullFactsBase
from envsync.inventory.model import Sync
from envsync.plan.model import Pull, Step

_COLUMNS = 15
"""How many columns a table is taken to have where nobody has decided on any."""


def refuse_untriable(sync: Sync) -> None:
    """Refuse to try what changes nothing."""
    if sync.is_cleaned:
        raise RefusedError(
            f"the sync of {sync.target} takes what was sanitised at its source, so that the pull "
            "changes nothing; to try its script, leave sanitise_at: out for the time"
        )
    if not (sync.script or sync.rewrite or sync.checks):
        raise RefusedError(
            f"the sync of {sync.target} has no script, no checks and no rewrite, so that there is "
            "nothing to try; envsync pull restores it"
        )


def room(step: Step, facts: Facts) -> Iterator[Command]:
    """What goes before a trial: how much disk is needed to remember all rows."""
    match step.action, facts:
        case Pull(sync), PullFactsBase(manifest=Manifest() as manifest):
            yield RoomToRemember(step.options.temppath, _expected_bytes(sync, manifest))


def _expected_bytes(sync: Sync, manifest: Manifest) -> int:
    tables = sync.columns.tables.values() if sync.columns else ()
    columns = sum(map(len, tables)) / len(tables) if tables else _COLUMNS
    return int(manifest.total_rows * (ROW_BYTES + CELL_BYTES * columns))


def compared(commands: Iterable[Command]) -> Iterator[Command]:
    """Have the copy compared with what is remembered of it, once all else is done."""
    copies = []
    for command in commands:
        yield command
        if isinstance(command, RememberRows):
            copies.append(command.copy)
    yield from map(TellChanges, copies)

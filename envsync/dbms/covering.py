"""What a copy's columns are compared with before it is sanitised, on whichever engine. Pure."""

from collections.abc import Callable, Iterator

from envsync.columns import written
from envsync.commands import Command
from envsync.commands.coverage import Gate
from envsync.commands.steps import Caution
from envsync.errors import RefusedError
from envsync.inventory.model import Coverage, Sync


def covered(
    sync: Sync, check: Callable[[Gate], Command], without: tuple[str, ...] = ()
) -> Iterator[Command]:
    """Have a copy's columns compared with those decided on, as its engine compares them.

    Tables that are `without` are left out of the copy. What arrives clean has been compared before
    it was sanitised. Raises RefusedError where a sync that is to
    be strict has nothing to be strict by.
    """
    if sync.gate is None or sync.is_cleaned:
        return
    if sync.columns is not None:
        left_out = tuple(written(name) for name in without)
        yield check(Gate(sync.columns, sync.gate is Coverage.STRICT, left_out))
        return
    file = sync.columns_file or "a file for columns:"
    undecided = f"nobody has decided on the columns of {sync.source}"
    drafts = f"envsync sanitise.init {sync.target.key} drafts {file}"
    if sync.gate is Coverage.STRICT:
        raise RefusedError(f"{undecided}, and the sync of {sync.target} is strict; {drafts}")
    yield Caution(f"{undecided}: a new one would go unnoticed; {drafts}")

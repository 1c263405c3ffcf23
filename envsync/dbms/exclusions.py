"""Tables that a step is to leave out, and that its source or artefact does not know. Pure."""

from collections.abc import Collection, Iterator

from envsync.artefacts import Manifest
from envsync.commands import Command
from envsync.commands.steps import Caution
from envsync.facts import Facts, PullFactsBase, PushFactsBase
from envsync.inventory.model import Database, Dbms
from envsync.plan.model import Clean, Pull, Push, Step
from envsync.tables import is_named

_ROWS, _WHOLE = "exclude_table_data", "exclude_tables"


def unknown(step: Step, facts: Facts) -> Iterator[Command]:
    """Warn of names that leave nothing out: a slip of the pen lets all rows through.

    What `defaults:` names is for all databases of a file, and need not be in each.
    """
    match step.action, facts:
        case Push(database), PushFactsBase() if facts.tables:
            yield from _unknown_to(database, facts, step)
        case Pull() | Clean(), PullFactsBase(manifest=Manifest(rows=rows) as manifest) if rows:
            for name in _own(step, _ROWS):
                if not _is_known(name, manifest):
                    yield Caution(
                        f"{_ROWS} names {name!r}, of which the artefact of {manifest.stamp} counts "
                        "no rows; nothing is left out by that name"
                    )


def _unknown_to(database: Database, facts: PushFactsBase, step: Step) -> Iterator[Command]:
    dbms = database.server.dbms
    for name in _own(step, _ROWS):
        if not any(is_named(table, (name,), dbms) for table in facts.tables):
            yield _nothing(_ROWS, name, database, "table of that name with rows of its own")
    for name in _own(step, _WHOLE):
        if not _is_there(name, (*facts.tables, *facts.others), dbms):
            what = "collection" if dbms is Dbms.MONGO else "table"
            yield _nothing(_WHOLE, name, database, f"{what} of that name")


def _nothing(key: str, name: str, database: Database, what: str) -> Caution:
    return Caution(
        f"{key} names {name!r}, and {database.name!r} on {database.server.name} has no {what}; "
        "nothing is left out by that name"
    )


def _own(step: Step, key: str) -> tuple[str, ...]:
    """Return the names of a list, if it is the step's own."""
    options = step.options
    named = {_ROWS: options.exclude_table_data, _WHOLE: options.exclude_tables}
    return named[key] if key in options.own_lists else ()


def _is_there(name: str, names: Collection[str], dbms: Dbms) -> bool:
    """Tell whether a name is one of those; MySQL's dump programs ignore its case."""
    if dbms is Dbms.MYSQL:
        return name.casefold() in {each.casefold() for each in names}
    return name in names


def _is_known(name: str, manifest: Manifest) -> bool:
    """Tell whether a table is named that was counted, or left out of the artefact already."""
    dbms = manifest.dbms
    return any(is_named(table, (name,), dbms) for table in manifest.rows) or any(
        is_named(left_out, (name,), dbms) or is_named(name, (left_out,), dbms)
        for left_out in manifest.without_rows
    )

"""Tables whose rows a step is to leave out, and that its artefact does not know. Pure."""

from collections.abc import Iterator

from envsync.artefacts import Manifest
from envsync.commands import Command
from envsync.commands.steps import Caution
from envsync.facts import Facts, PullFactsBase
from envsync.plan.model import Clean, Pull, Step
from envsync.tables import is_named


def unknown(step: Step, facts: Facts) -> Iterator[Command]:
    """Warn of names that leave nothing out: a slip of the pen lets all rows through.

    What `defaults:` names is for all databases of a file, and need not be in each.
    """
    match step.action, facts:
        case Pull() | Clean(), PullFactsBase(manifest=Manifest(rows=rows) as manifest) if rows:
            for name in _own(step):
                if not _is_known(name, manifest):
                    yield Caution(
                        f"exclude_table_data names {name!r}, of which the artefact of "
                        f"{manifest.stamp} counts no rows; nothing is left out by that name"
                    )


def _own(step: Step) -> tuple[str, ...]:
    options = step.options
    return options.exclude_table_data if "exclude_table_data" in options.own_lists else ()


def _is_known(name: str, manifest: Manifest) -> bool:
    """Tell whether a table is named that was counted, or left out of the artefact already."""
    dbms = manifest.dbms
    return any(is_named(table, (name,), dbms) for table in manifest.rows) or any(
        is_named(left_out, (name,), dbms) or is_named(name, (left_out,), dbms)
        for left_out in manifest.without_rows
    )

"""What can be looked at: artefacts, the state of every database, its history, the schema."""

import json
from collections.abc import Set as AbstractSet
from datetime import datetime

from envsync.app.asked import Asked, database, inventory, selected
from envsync.artefacts import ArtefactKey, Stamp
from envsync.errors import EnvsyncError
from envsync.execution.guard import lock_name
from envsync.gateways import manifests
from envsync.gateways.clock import SystemClock
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.storage.store import Store
from envsync.inventory.model import Database
from envsync.inventory.schema import schema
from envsync.plan.expand import expand
from envsync.plan.select import Selection, require_known, select
from envsync.reporting.state import Served, history_table, status_table
from envsync.reporting.table import artefacts_table
from envsync.running import state
from envsync.verification import Verification


def schema_text() -> str:
    """Return the JSON Schema of an inventory file."""
    return json.dumps(schema(), indent=2)


def backups_text(asked: Asked) -> str:
    """Return the artefacts of a database, newest first; below them those that were made clean.

    Who may read clean artefacts alone is shown those, and told why there are no others.
    """
    meant = database(asked)
    restored = state().journal.restored(meant.environment.name, meant.key)
    clean = _clean(meant, restored)
    try:
        raw = _raw(meant, restored)
    except EnvsyncError as error:
        if not clean:
            raise
        raw = str(error)
    return "\n\n".join(filter(None, (raw, clean)))


def _raw(meant: Database, restored: AbstractSet[datetime]) -> str:
    store = open_store(meant.storage)
    found = list(manifests.manifests(store, meant.path, meant.name))
    if not found:
        return f"{meant} has no artefacts in {meant.storage.url}"
    return artefacts_table(found, restored, _drills(store, meant))


def _clean(meant: Database, restored: AbstractSet[datetime]) -> str:
    """Return the clean artefacts of a database; nothing where there are none."""
    storage = meant.clean_storage
    if storage is None:
        return ""
    found = list(manifests.manifests(open_store(storage), meant.path, meant.name))
    table = artefacts_table(found, restored, {}) if found else ""
    return f"clean, in {storage.url}:\n{table}" if table else ""


def _drills(
    store: Store, database: Database
) -> dict[ArtefactKey, tuple[Stamp, Verification | None]]:
    """Return the last drill of each artefact, on whatever machine it was."""
    told = manifests.verifications(store, database.path, database.name)
    last: dict[ArtefactKey, tuple[Stamp, Verification | None]] = {}
    for key, drill, result in told:
        last.setdefault(key, (drill, result))
    return last


def status_text(asked: Asked) -> str:
    """Return the state of every database of an environment, or of all of them."""
    known = inventory(asked.inventory)
    selection = selected(asked)
    require_known(known, selection)
    remembered = state()
    plan = select(expand(known), Selection(selection.environments, disabled=True))
    holds = {(hold.environment, hold.key): hold for hold in remembered.holds.all()}
    return status_table(
        [
            Served(
                step,
                remembered.journal.latest(step.environment.name, step.key, step.verb),
                remembered.journal.served(step.environment.name, step.key),
                remembered.locks.is_held(lock_name(step)) is not None,
                holds.get((step.environment.name, step.key)),
            )
            for step in plan.steps
        ],
        SystemClock().now(),
    )


def history_text(asked: Asked) -> str:
    """Return what the journal remembers of a database, newest first."""
    known = inventory(asked.inventory)
    environments = (asked.environment,) if asked.environment else ()
    require_known(known, Selection(environments, (asked.database or "",)))
    entries = state().journal.history(asked.database or "", asked.environment)
    return history_table(entries) if entries else f"nothing has been run for {asked.database} yet"

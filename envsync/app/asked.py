"""What an operator typed, and which inventory, steps and database they mean by it."""

import os
from dataclasses import dataclass
from pathlib import Path

from envsync.errors import RefusedError
from envsync.gateways.memory import leave_no_core
from envsync.inventory.load import load
from envsync.inventory.model import Database, Inventory
from envsync.plan.select import Selection, require_known

SCRIPTS = "sanitisation_sql"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator typed after a task's name; None and False where they said nothing."""

    inventory: str | None = None
    environment: str | None = None
    database: str | None = None
    source: str | None = None
    machine: str | None = None
    onto_protected: str | None = None


def inventory(folder: str | None, *, drafting: bool = False) -> Inventory:
    """Load the inventory of a folder, of ENVSYNC_INVENTORY, or of ./inventories.

    What is to be decided of columns need not be there while it is being drafted. From here on
    secrets may be in memory, so no core is left.
    """
    leave_no_core()
    return load(_folder(folder), scripts_folder(folder), drafting=drafting)


def scripts_folder(folder: str | None) -> Path:
    """Return where the scripts of an inventory lie: in a folder beside it."""
    return _folder(folder).resolve().parent / SCRIPTS


def _folder(folder: str | None) -> Path:
    return Path(folder or os.environ.get("ENVSYNC_INVENTORY") or "inventories")


def selected(asked: Asked, *, disabled: bool = False) -> Selection:
    """Return which steps are meant: of the environment named, else of ENVSYNC_ENVIRONMENT's."""
    environment = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    return Selection(
        environments=(environment,) if environment else (),
        keys=(asked.database,) if asked.database else (),
        machine=asked.machine,
        disabled=disabled,
    )


def database(asked: Asked) -> Database:
    """Return the database that is meant; raises RefusedError where there is none such."""
    known = inventory(asked.inventory)
    environment = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    if environment is None:
        raise RefusedError("say which environment with --env, or set ENVSYNC_ENVIRONMENT")
    require_known(known, Selection((environment,), (asked.database or "",)))
    for database in known.databases:
        if (database.environment.name, database.key) == (environment, asked.database):
            return database
    raise RefusedError(f"{environment} has no database {asked.database!r}")

"""How the engines that stream a dump into a storage do it alike."""

from datetime import timedelta

from envsync.artefacts import ArtefactKey, Manifest, Stamp, stored_format
from envsync.commands import Location, Script, Target
from envsync.inventory.model import Database, Sync
from envsync.inventory.model import Script as InventoryScript
from envsync.places import Storage
from envsync.plan.model import Clean, Step, Verify

COMPRESSION_LEVEL = 3
COMPRESSION_THREADS = 2
ABANDONED_AFTER = timedelta(days=1)
"""Age at which a half upload is taken for a killed run's; no push lasts so long."""


def target_of(database: Database, name: str) -> Target:
    """Name a database on the server of another."""
    return Target(database.server.endpoint, name)


def written(step: Step) -> Storage | None:
    """Where a step leaves something once it has restored; None where it leaves nothing."""
    match step.action:
        case Verify(sync):
            return sync.source.storage
        case Clean(sync):
            return sync.source.clean_storage
        case _:
            return None


def pulled(sync: Sync, manifest: Manifest) -> Location:
    """Where the artefact lies that a sync restores."""
    return Location(sync.storage, ArtefactKey.of(manifest, sync.source.path))


def script_of(script: InventoryScript | None) -> Script | None:
    """Return a script as commands name it."""
    return Script(script.name, str(script.path)) if script else None


def dump_key(database: Database, stamp: Stamp, form: str) -> ArtefactKey:
    """Where a push made at a moment leaves its artefact."""
    stored = stored_format(form, database.environment.storage)
    return ArtefactKey(database.path, stamp, database.name, stored)

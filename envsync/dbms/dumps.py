"""How the engines that stream a dump into a storage do it alike."""

from datetime import timedelta

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import Location, Target
from envsync.inventory.model import Database, Sync

COMPRESSION_LEVEL = 3
COMPRESSION_THREADS = 2
ABANDONED_AFTER = timedelta(days=1)
"""Age at which a half upload is taken for a killed run's; no push lasts so long."""


def target_of(database: Database, name: str) -> Target:
    """Name a database on the server of another."""
    return Target(database.server.endpoint, name)


def pulled(sync: Sync, manifest: Manifest) -> Location:
    """Where the artefact lies that a sync restores."""
    key = ArtefactKey(
        sync.source.path, Stamp.parse(manifest.stamp), sync.source.name, manifest.format
    )
    return Location(sync.source.environment.storage, key)

"""Which repositories of snapshots a search cluster's steps read and write."""

from envsync.dbms.dumps import written
from envsync.errors import RefusedError
from envsync.inventory.model import Database, Sync
from envsync.places import SnapshotRepository
from envsync.plan.model import Clean, Step


def repository_of(database: Database) -> SnapshotRepository:
    """Return the repository its cluster takes snapshots into; raises RefusedError without one."""
    if database.server.repository is None:
        raise RefusedError(
            f"{database} has no repository of snapshots; name it with repository: on the server "
            f"{database.server.name} in the inventory"
        )
    return database.server.repository


def read_through(sync: Sync) -> SnapshotRepository:
    """Return the repository that the target reads, as its own cluster reaches it."""
    repository = sync.storage if sync.is_cleaned else repository_of(sync.source)
    if not isinstance(repository, SnapshotRepository):
        raise RefusedError(f"{sync.source} has no repository for clean snapshots")
    return SnapshotRepository(repository.repository, sync.target.server.endpoint)


def clean_repository(step: Step) -> str:
    """Name the repository that a cleaning takes its snapshot into; "" for any other step."""
    place = written(step) if isinstance(step.action, Clean) else None
    return place.repository if isinstance(place, SnapshotRepository) else ""

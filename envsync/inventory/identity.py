"""What makes two databases of an inventory the same: by name, on a server, at rest."""

from envsync.inventory.model import Database
from envsync.places import S3Storage


def address(database: Database) -> tuple[str, str]:
    """Return what inventories call a database: its environment and its key."""
    return database.environment.name, database.key


def physical(database: Database) -> tuple[str, int, str]:
    """Return where a database really is; a host counts as one however it is spelt."""
    endpoint = database.server.endpoint
    return endpoint.host.lower().rstrip("."), endpoint.port, database.name


def at_rest(database: Database) -> tuple[str, str, str, str]:
    """Return where a database's artefacts lie: two that agree would be taken for each other."""
    storage = database.storage
    server = storage.endpoint_url if isinstance(storage, S3Storage) else None
    return storage.url, server or "", database.path, database.name

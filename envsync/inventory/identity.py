"""What makes two databases, or two buckets, of an inventory the same."""

from envsync.inventory.model import Bucket, Database
from envsync.places import S3Storage


def address(thing: Database | Bucket) -> tuple[str, str]:
    """Return what inventories call a database or a bucket: its environment and its key."""
    return thing.environment.name, thing.key


def physical(database: Database) -> tuple[str, int, str]:
    """Return where a database really is; a host counts as one however it is spelt."""
    endpoint = database.server.endpoint
    return endpoint.host.lower().rstrip("."), endpoint.port, database.name


def at_rest(database: Database) -> tuple[str, str, str, str]:
    """Return where a database's artefacts lie: two that agree would be taken for each other."""
    storage = database.storage
    server = storage.endpoint_url if isinstance(storage, S3Storage) else None
    return storage.url, server or "", database.path, database.name


def not_apart(source: Bucket, target: Bucket) -> str | None:
    """Say why a server cannot copy one bucket into another; None where it can."""
    if source.place.overlaps(target.place):
        return (
            f"has {source.place.url} at one end and {target.place.url} at the other, which are "
            "or hold the same objects; accepted: two buckets, or prefixes of which none begins "
            "with the other"
        )
    if source.place.identity[0] != target.place.identity[0]:
        return (
            "has its ends on two servers, and it is the server that copies; accepted: the same "
            "'endpoint_url' at both, or none for AWS"
        )
    return None

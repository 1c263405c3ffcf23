"""What is refused on MongoDB before anything is touched, each with what would be accepted."""

from envsync.artefacts import Manifest
from envsync.commands.mongo import PREVIOUS, RESERVED
from envsync.dbms.refusals import refuse_foreign, refuse_stale, refuse_unclean, refuse_without_room
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.mongo import PullFacts, PushFacts
from envsync.inventory.model import Database, Sync
from envsync.places import room

_LONGEST_RESERVED = max(map(len, RESERVED))


def refuse_push(database: Database, facts: PushFacts) -> None:
    """Raise RefusedError for a push that could not succeed."""
    if facts.source is None or not facts.source.collections:
        raise RefusedError(
            f"there is no database {database.name!r} with any collection on {database.server.name} "
            f"({database.server.endpoint}), and an empty dump would pass for data; correct name: "
            f"of {database} or server: in the inventory"
        )
    if facts.newest_bytes is not None and facts.storage_free is not None:
        refuse_without_room(
            facts.newest_bytes, facts.storage_free, f"in {room(database.environment.storage)}"
        )


def refuse_pull(sync: Sync, request: Request, facts: PullFacts) -> None:
    """Raise RefusedError for a pull that could not succeed, or would bring the wrong data."""
    _refuse_readers(sync, facts)
    if facts.manifest is None:
        return
    refuse_foreign(sync, facts.manifest)
    refuse_unclean(sync, facts)
    if request.timestamp is None and request.pushed is None:
        refuse_stale(sync, facts.manifest, request.now)
    _refuse_long_names(sync.target, facts, facts.manifest)
    if facts.free_bytes is not None:
        refuse_without_room(
            facts.manifest.database_bytes,
            facts.free_bytes,
            f"on {sync.target.server.name} beside the live collections",
        )


def _refuse_readers(sync: Sync, facts: PullFacts) -> None:
    if facts.readers:
        quarantine = f"{sync.target.name}__incoming"
        raise RefusedError(
            f"what is not sanitised yet lies in the database {quarantine!r} on "
            f"{sync.target.server.name}, which {', '.join(facts.readers)} may read and who is no "
            "administrator; give roles on single databases, not readAnyDatabase and the like"
        )


def _refuse_long_names(database: Database, facts: PullFacts, manifest: Manifest) -> None:
    """Refuse names that would not fit behind a reserved prefix."""
    longest = max((name.encode() for name in manifest.rows), key=len, default=b"")
    size = len(database.name.encode()) + 1 + _LONGEST_RESERVED + len(longest)
    if size > facts.server.longest_namespace:
        raise RefusedError(
            f"the collection {longest.decode()!r} cannot be restored beside the live one: "
            f"{database.name}.{PREVIOUS}NAME has {size} bytes, and {database.server.name} takes "
            f"{facts.server.longest_namespace}; exclude_tables: can leave it out"
        )

"""What is refused on MySQL before anything is touched, each with what would be accepted."""

from envsync.artefacts import Manifest
from envsync.dbms.mysql_clients import dump_client
from envsync.dbms.refusals import refuse_foreign, refuse_stale, refuse_unclean, refuse_without_room
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.mysql import PullFacts, PushFacts, Server
from envsync.inventory.model import Database, Sync
from envsync.places import room

_TOLD = 5


def refuse_push(database: Database, facts: PushFacts) -> None:
    """Raise RefusedError for a push that could not succeed."""
    if facts.source is None:
        raise RefusedError(
            f"there is no schema {database.name!r} on {database.server.name} "
            f"({database.server.endpoint}) that its account may see; correct name: of {database} "
            "in the inventory"
        )
    if facts.source.tables == 0:
        raise RefusedError(
            f"{database.name!r} on {database.server.name} holds no tables, and an empty dump would "
            "pass for data; correct name: or server: in the inventory"
        )
    dump_client(facts.clients, facts.server)
    if facts.newest_bytes is not None and facts.storage_free is not None:
        refuse_without_room(
            facts.newest_bytes, facts.storage_free, f"in {room(database.environment.storage)}"
        )


def refuse_pull(sync: Sync, request: Request, facts: PullFacts, *, private: bool) -> None:
    """Raise RefusedError for a restore that could not succeed, or would bring the wrong data.

    What is `private` must not be readable by anybody while it is in the quarantine.
    """
    if private:
        _refuse_readers(sync.target, facts)
    _refuse_pointing(sync.target, facts)
    if facts.manifest is None:
        return
    refuse_foreign(sync, facts.manifest)
    refuse_unclean(sync, facts)
    if request.timestamp is None and request.pushed is None:
        refuse_stale(sync, facts.manifest, request.now)
    _refuse_collations(sync.target, facts.manifest, facts.server)
    _refuse_letter_case(sync, facts.manifest, facts.server)
    if facts.server.free_bytes is not None:
        refuse_without_room(
            facts.manifest.database_bytes,
            facts.server.free_bytes,
            f"on {sync.target.server.name} beside the live database",
        )


def _refuse_readers(database: Database, facts: PullFacts) -> None:
    """Refuse where somebody could read the quarantine before it is sanitised."""
    quarantine = f"{database.name}__incoming"
    if facts.readers is None:
        raise RefusedError(
            f"the account {facts.server.user} may not see who could read the quarantine "
            f"{quarantine!r} on {database.server.name}: GRANT SELECT ON mysql.* TO it"
        )
    if facts.readers:
        raise RefusedError(
            f"on {database.server.name} {_some(facts.readers)} could read the quarantine "
            f"{quarantine!r} before it is sanitised; grant on `{database.name}`.* alone instead, "
            "with \\ before each _ and %"
        )


def _refuse_pointing(database: Database, facts: PullFacts) -> None:
    if facts.pointing:
        raise RefusedError(
            f"foreign keys of {_some(facts.pointing)} point into {database.name!r} on "
            f"{database.server.name}, and would follow its tables into the previous schema; drop "
            "them"
        )


def _refuse_collations(database: Database, manifest: Manifest, server: Server) -> None:
    missing = sorted(set(manifest.collations) - server.collations)
    if missing:
        raise RefusedError(
            f"{database.server.name} ({server.version}) has no collation {_some(missing)}, which "
            f"the dump of {manifest.server_version} uses; convert the source's tables, or upgrade "
            "the target"
        )


def _refuse_letter_case(sync: Sync, manifest: Manifest, server: Server) -> None:
    told = manifest.lower_case_table_names
    if told is not None and told != server.lower_case_table_names:
        raise RefusedError(
            f"lower_case_table_names is {told} where the dump was made and "
            f"{server.lower_case_table_names} on {sync.target.server.name}; names of tables would "
            "change: set both to the same"
        )


def _some(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more

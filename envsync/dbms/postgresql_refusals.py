"""What is refused on PostgreSQL before anything is touched, each with what would be accepted."""

from collections.abc import Iterable

from envsync.dbms.postgresql_clients import dump_client, major, restore_client
from envsync.dbms.refusals import (
    refuse_foreign,
    refuse_stale,
    refuse_unclean,
    refuse_without_room,
)
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts.postgresql import PullFacts, PushFacts
from envsync.facts.postgresql import Server as ServerFacts
from envsync.inventory.model import Database, Sync
from envsync.places import room

_SHOWN = 3
"""Names told of those that cannot be read."""
_READS_ALL = 14
"""The first version with a role that reads all."""


def refuse_push(database: Database, facts: PushFacts) -> None:
    """Raise RefusedError for a push that could not succeed."""
    if facts.source is None:
        raise RefusedError(
            f"there is no database {database.name!r} on {database.server.name} "
            f"({database.server.endpoint}); correct name: of {database} in the inventory"
        )
    if facts.source.tables == 0:
        raise RefusedError(
            f"{database.name!r} on {database.server.name} holds no tables, and an empty dump would "
            "pass for data; correct name: or server: in the inventory"
        )
    if facts.source.unreadable:
        raise RefusedError(_unreadable(database, facts.server, facts.source.unreadable))
    dump_client(facts.clients, facts.server.major)
    if facts.newest_bytes is not None and facts.storage_free is not None:
        refuse_without_room(
            facts.newest_bytes, facts.storage_free, f"in {room(database.environment.storage)}"
        )


def _unreadable(database: Database, server: ServerFacts, names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_SHOWN]) + (
        f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else ""
    )
    every = (
        f'GRANT pg_read_all_data TO "{server.user}"'
        if server.major >= _READS_ALL
        else f'GRANT SELECT on each, and USAGE on its schema, TO "{server.user}"'
    )
    return (
        f"role {server.user!r} may not read {shown} of {database.name!r} on "
        f"{database.server.name}, and a push reads all: {every}"
    )


def refuse_pull(sync: Sync, request: Request, facts: PullFacts) -> None:
    """Raise RefusedError for a pull that could not succeed, or would bring the wrong data."""
    _refuse_role(sync.target, facts.server)
    _refuse_owner(sync.target, facts)
    _refuse_remains(facts)
    _refuse_grantees(sync.target, facts.server)
    if facts.manifest is None:
        return
    refuse_foreign(sync, facts.manifest)
    refuse_unclean(sync, facts)
    if request.timestamp is None and request.pushed is None:
        refuse_stale(sync, facts.manifest, request.now)
    restore_client(
        facts.clients,
        major(facts.manifest.client_version),
        major(facts.manifest.server_version),
        facts.server.major,
    )
    if facts.server.free_bytes is not None:
        refuse_without_room(
            facts.manifest.database_bytes,
            facts.server.free_bytes,
            f"on {sync.target.server.name} beside the live database",
        )


def _refuse_role(database: Database, server: ServerFacts) -> None:
    if not (server.superuser or server.createdb):
        raise RefusedError(
            f"role {server.user!r} may not create databases on {database.server.name}, and what "
            f'is restored needs one of its own: ALTER ROLE "{server.user}" CREATEDB; drills and '
            "cleaning can have a server with 'scratch: true' instead"
        )


def _refuse_owner(database: Database, facts: PullFacts) -> None:
    """Refuse an owner that the role cannot act as, as it must to create its objects."""
    owner = database.owner or (facts.live.owner if facts.live else None)
    server = facts.server
    if owner is None:
        return
    if owner not in server.roles:
        raise RefusedError(
            f"role {owner!r}, the owner of {database}, does not exist on {database.server.name}; "
            "create it, or correct owner: in the inventory"
        )
    if not server.superuser and owner not in server.member_of:
        raise RefusedError(
            f"role {server.user!r} is no member of {owner!r}, the owner of {database}, on "
            f'{database.server.name}: GRANT "{owner}" TO "{server.user}"'
        )
    live = facts.live
    if live and not server.superuser and live.owner not in server.member_of:
        raise RefusedError(
            f"the live database {live.name!r} belongs to {live.owner!r}, and {server.user!r} is no "
            f"member of it and so cannot rename it: "
            f'ALTER DATABASE "{live.name}" OWNER TO "{owner}"'
        )


def _refuse_remains(facts: PullFacts) -> None:
    """Refuse what lies where the pull will work, and which it could not clear away."""
    server = facts.server
    for each in filter(None, (facts.previous, *facts.remains)):
        if not server.superuser and each.owner not in server.member_of:
            raise RefusedError(
                f"the database {each.name!r}, in whose place a pull works, belongs to "
                f"{each.owner!r}, and {server.user!r} is no member of it and so cannot drop it; "
                f'have its owner do so: DROP DATABASE "{each.name}"'
            )


def _refuse_grantees(database: Database, server: ServerFacts) -> None:
    missing = sorted(set(database.grants or ()) - server.roles)
    if missing:
        raise RefusedError(
            f"grants: of {database} names {_list(missing)}, unknown on {database.server.name}; "
            "create them, or correct the inventory"
        )


def _list(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)

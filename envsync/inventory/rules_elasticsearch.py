"""The rules about search clusters: what only they have, and what means nothing there."""

import re
from collections.abc import Iterator

from envsync.inventory.identity import address
from envsync.inventory.link import Linked
from envsync.inventory.model import Database, Dbms, Sync
from envsync.inventory.placed import Place, Placed
from envsync.inventory.problems import Problem
from envsync.places import SnapshotRepository

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


def search_rules(linked: Linked) -> Iterator[Problem]:
    """Yield a problem wherever a search cluster is asked for what it has not, or another for it."""
    for database in linked.databases:
        search = database.value.server.dbms is Dbms.ELASTICSEARCH
        yield from _search_database(database) if search else _other_database(database)
    for drill in linked.drills:
        search = drill.value.database.server.dbms is Dbms.ELASTICSEARCH
        if search and drill.value.checks is not None:
            why = "a drill restores its snapshot and compares documents"
            yield _meaningless(drill.place, "checks", why)
    stored = {address(backup.value.database) for backup in linked.acting_backups()}
    stored |= {address(drill.value.database) for drill in linked.acting_drills()}
    for sync in linked.acting_syncs():
        stored.add(address(sync.value.source))
        yield from _sync(sync)
    for database in linked.databases:
        if address(database.value) in stored:
            yield from _needs_a_repository(database)


def _search_database(found: Placed[Database]) -> Iterator[Problem]:
    database = found.value
    yield from _keeps_in_two_ways(found)
    if not database.indices:
        yield found.place.problem(
            f"{found.place} does not say which indices belong to it; accepted: 'indices' with "
            "names or patterns of indices and aliases"
        )
    if not _NAME.fullmatch(database.name):
        yield found.place.problem(
            f"{found.place} has the name {database.name!r}, which no index can have in its own; "
            "accepted: lower-case letters, digits, '_', '-' and '.'",
            "name",
        )


def _keeps_in_two_ways(found: Placed[Database]) -> Iterator[Problem]:
    database = found.value
    if database.keep_snapshots is not None and database.retention is not None:
        yield found.place.problem(
            f"{found.place} has 'keep_snapshots', and a retention holds for it; accepted: one of "
            "them, 'retention' with envsync prune, or 'keep_snapshots' with every push",
            "keep_snapshots",
        )


def _other_database(found: Placed[Database]) -> Iterator[Problem]:
    database = found.value
    for key, given in (
        ("indices", database.indices),
        ("keep_snapshots", database.keep_snapshots is not None),
    ):
        if given:
            yield found.place.problem(
                f"{found.place} has {key!r}, which means nothing on a {database.server.dbms} "
                f"server; accepted: no {key!r} here",
                key,
            )
    if isinstance(database.environment.storage, SnapshotRepository):
        yield found.place.problem(
            f"{found.place} is on a {database.server.dbms} server, and the storage of "
            f"{database.environment.name!r} is a repository of snapshots; accepted: another "
            "storage, and 'repository' on the search cluster's server",
            "server",
        )


def _sync(found: Placed[Sync]) -> Iterator[Problem]:
    sync = found.value
    if sync.target.server.dbms is not Dbms.ELASTICSEARCH:
        return
    if sync.checks is not None:
        yield _meaningless(found.place, "checks", "the checks stand in the script itself")
    if sync.rewrite:
        yield _meaningless(found.place, "rewrite", "an 'update' of the script does it")


def _needs_a_repository(found: Placed[Database]) -> Iterator[Problem]:
    database = found.value
    if database.server.dbms is Dbms.ELASTICSEARCH and database.server.repository is None:
        yield found.place.problem(
            f"{found.place} is pushed or verified, and its server {database.server.name!r} has "
            "no repository of snapshots; accepted: 'repository: NAME' on that server",
            "server",
        )


def _meaningless(place: Place, key: str, why: str) -> Problem:
    return place.problem(
        f"{place} has {key!r}, which means nothing on a search cluster: {why}; "
        f"accepted: no {key!r} here",
        key,
    )

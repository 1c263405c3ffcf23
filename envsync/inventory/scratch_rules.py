"""The rules about scratch servers: nobody reads there, so no database may lie there either."""

from collections.abc import Iterator

from envsync.inventory.link import Linked
from envsync.inventory.model import Server
from envsync.inventory.placed import Placed
from envsync.inventory.problems import Problem
from envsync.inventory.scalars import LONGEST_NAME

LONGEST_DRILLED = LONGEST_NAME - len("__verify__incoming")
"""Bytes in the name of a database that a drill can restore under a name of its own."""


def broken_by_scratch(linked: Linked) -> Iterator[Problem]:
    """Yield a problem wherever a scratch server is more than that, or a drill has no room."""
    yield from _databases(linked)
    yield from _one_of_a_kind(linked)
    yield from _servers_of_their_own(linked)
    yield from _names(linked)
    yield from _repositories(linked)


def _databases(linked: Linked) -> Iterator[Problem]:
    for found in linked.databases:
        if found.value.server.scratch:
            yield found.place.problem(
                f"{found.place} is on {found.value.server.name!r}, a scratch server, where all "
                "that is found is dropped; accepted: a server without 'scratch: true'",
                "server",
            )


def _one_of_a_kind(linked: Linked) -> Iterator[Problem]:
    first: dict[tuple[str, str], Placed[Server]] = {}
    for found in _scratch(linked):
        kind = found.place.document.file, found.value.dbms
        if kind in first:
            yield found.place.problem(
                f"{found.place} is a second scratch server of {found.value.dbms}, beside "
                f"{first[kind].place}; accepted: one of each kind in an environment",
                "scratch",
            )
        first.setdefault(kind, found)


def _servers_of_their_own(linked: Linked) -> Iterator[Problem]:
    """Refuse a server that is scratch by one name and not by another."""
    for found in _scratch(linked):
        for other in linked.servers:
            same = _where(other.value) == _where(found.value)
            if same and other.place.position != found.place.position:
                yield found.place.problem(
                    f"{found.place} is a scratch server, and at the same host and port as "
                    f"{other.place} in {other.place.position}; accepted: a server of its own",
                    "host",
                )
                break


def _repositories(linked: Linked) -> Iterator[Problem]:
    """Keep snapshots that a scratch cluster makes, which are clean, apart from all others."""
    for found in _scratch(linked):
        own = found.value.repository
        for other in linked.servers:
            if own is None or other.value.scratch or other.value.repository is None:
                continue
            if own.repository == other.value.repository.repository:
                yield found.place.problem(
                    f"{found.place} has the repository {own.repository!r}, as has {other.place} in "
                    f"{other.place.position}, whose snapshots are raw; accepted: one of its own",
                    "repository",
                )
                break


def _scratch(linked: Linked) -> Iterator[Placed[Server]]:
    return (found for found in linked.servers if found.value.scratch)


def _where(server: Server) -> tuple[str, int]:
    return server.endpoint.host.lower().rstrip("."), server.endpoint.port


def _names(linked: Linked) -> Iterator[Problem]:
    for found in linked.acting_drills():
        size = len(found.value.database.name.encode())
        if size > LONGEST_DRILLED:
            yield found.place.problem(
                f"{found.place} is of a database whose name has {size} bytes, too long for a "
                f"drill; accepted: {LONGEST_DRILLED} bytes, for '__verify__incoming' to fit behind"
            )

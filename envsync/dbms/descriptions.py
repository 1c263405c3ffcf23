"""What was seen before acting, in words for a person: server, programs, privileges, room. Pure."""

from collections.abc import Iterator

from envsync.facts import Facts, PushFactsBase, mongo, mysql
from envsync.facts import elasticsearch as es
from envsync.facts import postgresql as pg
from envsync.facts.buckets import CopyFacts

Described = tuple[str, str]
"""An aspect, and what there is to say of it."""


def described(facts: Facts) -> Iterator[Described]:
    """Yield what a step's eyes saw, aspect by aspect."""
    match facts:
        case pg.PushFacts() | pg.PullFacts():
            yield from _postgresql(facts)
        case mysql.PushFacts() | mysql.PullFacts():
            yield from _mysql(facts)
        case mongo.PushFacts() | mongo.PullFacts():
            yield from _mongo(facts)
        case es.PushFacts() | es.PullFacts():
            yield from _elasticsearch(facts)
        case CopyFacts(changes=changes) if changes:
            counts = f"{changes.source_objects:,} objects there, {changes.target_objects:,} here"
            yield "buckets", counts
    if isinstance(facts, PushFactsBase) and facts.storage_free is not None:
        yield "storage", f"{_size(facts.storage_free)} free"


def _postgresql(facts: pg.PushFacts | pg.PullFacts) -> Iterator[Described]:
    server = facts.server
    yield "server", f"PostgreSQL {server.version_text.split()[0]}, as {server.user}"
    programs = ", ".join(f"{client.version.split()[0]}" for client in facts.clients)
    yield "programs", f"pg_dump and pg_restore {programs}" if programs else "none"
    if isinstance(facts, pg.PullFacts):
        yield "privileges", "superuser" if server.superuser else _memberships(server)
    yield from _room(server.free_bytes)


def _memberships(server: pg.Server) -> str:
    may = "may create databases" if server.createdb else "may not create databases"
    others = sorted(role for role in server.member_of - {server.user} if role[:3] != "pg_")
    return f"{may}, member of {', '.join(others)}" if others else may


def _mysql(facts: mysql.PushFacts | mysql.PullFacts) -> Iterator[Described]:
    server = facts.server
    version = server.version.split("-")[0]
    yield "server", f"{server.brand} {version}, as {server.user}"
    if isinstance(facts, mysql.PushFacts):
        programs = ", ".join(f"{client.brand} {client.text}" for client in facts.clients)
        yield "programs", programs or "none"
    elif facts.watchers:
        yield "statements", f"seen as they run, with their rows, by {', '.join(facts.watchers)}"
    yield from _room(server.free_bytes)


def _mongo(facts: mongo.PushFacts | mongo.PullFacts) -> Iterator[Described]:
    server = facts.server
    kind = "DocumentDB" if server.documentdb else "MongoDB"
    place = "not in a replica set" if server.state == "alone" else server.state
    yield "server", f"{kind} {server.version} ({place}), as {server.user or 'nobody'}"
    if isinstance(facts, mongo.PullFacts):
        yield from _room(facts.free_bytes)


def _elasticsearch(facts: es.PushFacts | es.PullFacts) -> Iterator[Described]:
    cluster = facts.cluster
    yield "server", f"{cluster.distribution} {cluster.version}"
    known = {None: "not known to the cluster", True: "read only", False: "writable"}
    yield "repository", known[facts.readonly]
    yield from _room(cluster.free_bytes)


def _room(free: int | None) -> Iterator[Described]:
    if free is not None:
        yield "room", f"{_size(free)} free on the server"


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB"

"""What a dry run takes for granted of a PostgreSQL server that it cannot see."""

from envsync.facts.postgresql import Client, Database, PullFacts, PushFacts, Server
from envsync.gateways.assumed import assumed
from envsync.gateways.postgresql.clients import installed
from envsync.questions.postgresql import ObservePull, ObservePush


def assumed_push(question: ObservePush) -> PushFacts:
    """Return a source that is there and can be dumped by any client."""
    clients = installed(question.clients)
    server = _assumed_server(clients, question.source.endpoint.user)
    return PushFacts(clients, server, _assumed_database(question.source.database, server))


def assumed_pull(question: ObservePull) -> PullFacts:
    """Return a target that is there, and an artefact it can restore."""
    clients = installed(question.clients)
    server = _assumed_server(clients, question.target.endpoint.user)
    manifest = assumed(question, "dump.zst", server.version_text)
    live = _assumed_database(question.target.database, server)
    previous = _assumed_database(question.previous, server)
    return PullFacts(manifest, clients, server, live, previous)


def _assumed_server(clients: tuple[Client, ...], user: str | None) -> Server:
    major = max((client.major for client in clients), default=0)
    return Server(
        version=major * 10000,
        version_text=str(major),
        standby=False,
        user=user or "envsync",
        superuser=True,
        createdb=True,
        roles=frozenset(),
        member_of=frozenset(),
        assumed=True,
    )


def _assumed_database(name: str, server: Server) -> Database:
    return Database(name, server.user, 0, "UTF8", "C.UTF-8", "C.UTF-8", tables=1)

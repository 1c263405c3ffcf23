"""What a dry run takes for granted of a MongoDB server that it cannot see."""

import pymongo

from envsync.artefacts import Manifest, stored_format
from envsync.facts.mongo import Database, PullFacts, PushFacts, Server
from envsync.questions.mongo import ObservePull, ObservePush
from envsync.version import VERSION


def assumed_push(question: ObservePush) -> PushFacts:
    """Return a source that is there, the primary of a replica set that gives snapshots."""
    server = _assumed_server(question.source.endpoint.user)
    name = question.source.database
    return PushFacts(server, Database(name, 0, (name,)), client_version=pymongo.version)


def assumed_pull(question: ObservePull) -> PullFacts:
    """Return a target that is there, and an artefact it can restore."""
    server = _assumed_server(question.target.endpoint.user)
    manifest = Manifest(
        environment=question.environment,
        database=question.database,
        name=question.name,
        dbms=question.dbms,
        stamp=str(question.now),
        format=stored_format("archive.zst", question.storage),
        encrypted_to=question.storage.age.encrypt_to,
        row_counts="exact",
        server_version=server.version,
        client_version=pymongo.version,
        envsync_version=VERSION,
    )
    return PullFacts(manifest, server, Database(question.target.database, 0))


def _assumed_server(user: str | None) -> Server:
    return Server("6.0", "primary", user, assumed=True)

"""What a dry run takes for granted of a MongoDB server that it cannot see."""

import pymongo

from envsync.facts.mongo import Database, PullFacts, PushFacts, Server
from envsync.gateways.assumed import assumed
from envsync.questions.mongo import ObservePull, ObservePush


def assumed_push(question: ObservePush) -> PushFacts:
    """Return a source that is there, the primary of a replica set that gives snapshots."""
    server = _assumed_server(question.source.endpoint.user)
    name = question.source.database
    return PushFacts(server, Database(name, 0, (name,)), client_version=pymongo.version)


def assumed_pull(question: ObservePull) -> PullFacts:
    """Return a target that is there, and an artefact it can restore."""
    server = _assumed_server(question.target.endpoint.user)
    manifest = assumed(question, "archive.zst", server.version)
    return PullFacts(manifest, server, Database(question.target.database, 0))


def _assumed_server(user: str | None) -> Server:
    return Server("6.0", "primary", user, assumed=True)

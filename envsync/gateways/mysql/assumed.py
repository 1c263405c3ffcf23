"""What a dry run takes for granted of a MySQL server that it cannot see."""

from envsync.facts.mysql import PullFacts, PushFacts, Schema, Server
from envsync.gateways.assumed import assumed
from envsync.gateways.mysql.clients import installed
from envsync.questions.mysql import ObservePull, ObservePush

_SERVER = Server(
    version="0",
    replica="",
    user="envsync@%",
    lower_case_table_names=0,
    max_allowed_packet=16 << 20,
    assumed=True,
)


def assumed_push(question: ObservePush) -> PushFacts:
    """Return a source that is there and can be dumped by any client."""
    return PushFacts(installed(question.clients), _SERVER, _schema(question.source.database))


def assumed_pull(question: ObservePull) -> PullFacts:
    """Return a target that is there, and an artefact it can restore."""
    charset = {"encoding": "utf8mb4", "collate": "utf8mb4_general_ci"}
    manifest = assumed(question, "sql.zst", "0").model_copy(update=charset)
    names = question.schemas
    clients = installed(question.clients) if question.wanted.cleans else ()
    live, previous = _schema(names.live), _schema(names.previous)
    return PullFacts(manifest, _SERVER, live, previous, clients=clients)


def _schema(name: str) -> Schema:
    return Schema(name, 0, "utf8mb4", "utf8mb4_general_ci", tables=1)

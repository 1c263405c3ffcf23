"""What can be seen on a MongoDB server before anything is touched."""

import pymongo

from envsync.commands.mongo import PREVIOUS, RESERVED
from envsync.errors import CommandError
from envsync.facts.mongo import Database, Member, PullFacts, PushFacts, Server, SwapFacts
from envsync.gateways.manifests import look_up, newest
from envsync.gateways.mongo import script
from envsync.gateways.mongo.books import Note, cut_short, notes
from envsync.gateways.mongo.catalogue import collections, left_to_the_server
from envsync.gateways.mongo.exposure import exposed
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.questions.mongo import ObservePull, ObservePush, ObserveSwap

_LONG_NAMES = (4, 4)
"""The version from which on a namespace may have 255 bytes; before, and in DocumentDB, 120."""


def observe_push(question: ObservePush, scope: Scope) -> PushFacts:
    """See the source and the storage of a push; raises RefusedError where it cannot write there."""
    endpoint = question.source.endpoint
    wanted: Member = "a secondary" if question.secondary else "the primary"
    with connect(endpoint, scope, secondary=question.secondary) as session:
        server = _server(session)
        version = pymongo.version
        if not server.serves(wanted):
            return PushFacts(server, None, wanted=wanted, client_version=version)
        source = _database(session, question.source.database)
    store = open_store(question.storage)
    store.verify_writable(question.path)
    last, manifest = newest(store, question.path, question.source.database)
    return PushFacts(
        server,
        source,
        wanted,
        version,
        newest_bytes=last,
        newest=manifest,
        storage_free=store.free_bytes(),
    )


def observe_pull(question: ObservePull, scope: Scope) -> PullFacts:
    """See the target, the artefact and the scripts of a pull.

    Raises RefusedError where there is no artefact, or a script has a mistake.
    """
    for each in question.scripts:
        script.read(each)
    with connect(question.target.endpoint, scope) as session:
        server = _server(session)
        if not server.writable:
            return PullFacts(None, server, None)
        live = _database(session, question.target.database)
        free = _free_bytes(session, question.target.database)
        readers, caution = (
            exposed(session, question.quarantine) if question.quarantine else ((), None)
        )
    manifest = look_up(question.wanted)
    return PullFacts(manifest, server, live, free, readers, caution, pymongo.version)


def observe_swap(question: ObserveSwap, scope: Scope) -> SwapFacts:
    """See the live collections and the previous ones."""
    with connect(question.target.endpoint, scope) as session:
        _, before = notes(session, question.target.database)
        return SwapFacts(
            before.provenance,
            _server(session),
            _database(session, question.target.database),
            cut_short(session, question.target.database) is not None,
        )


def _server(session: Session) -> Server:
    hello = session.admin({"isMaster": 1})
    version = str(session.admin({"buildInfo": 1})["version"])
    documentdb = session.where.is_documentdb
    numbers = tuple(int(part) for part in version.split(".")[:2])
    long_names = numbers >= _LONG_NAMES and not documentdb
    return Server(
        version=version,
        state=_state(hello),
        user=session.where.user,
        documentdb=documentdb,
        router=hello.get("msg") == "isdbgrid",
        longest_namespace=255 if long_names else 120,
    )


def _state(hello: dict[str, object]) -> str:
    if "setName" not in hello and not hello.get("isreplicaset"):
        return "alone"
    if hello.get("ismaster"):
        return "primary"
    return "secondary" if hello.get("secondary") else "member"


def _database(session: Session, name: str) -> Database | None:
    """Return what a database holds; None where it holds nothing."""
    found = collections(session, name, indexes=False)
    if not found:
        return None
    live = [each for each in found if not each.name.startswith(RESERVED)]
    stats = session.command(name, {"dbStats": 1})
    return Database(
        name=name,
        bytes=int(stats.get("dataSize", 0) + stats.get("indexSize", 0)),
        collections=tuple(each.name for each in live if each.kind != "view"),
        views=tuple(each.name for each in live if each.kind == "view"),
        previous=any(each.name.startswith(PREVIOUS) for each in found),
        left_out=tuple(left_to_the_server(session, name)),
        provenance=_note(session, name).provenance,
    )


def _note(session: Session, name: str) -> Note:
    """Return what is remembered of a database; nothing where this user may not look."""
    try:
        return notes(session, name)[0]
    except CommandError:
        return Note()


def _free_bytes(session: Session, name: str) -> int | None:
    """Return the room on the server's disk; None where it does not say.

    Of a database that is not there yet it says that the disk has no bytes at all.
    """
    for database in (name, "admin"):
        try:
            stats = session.command(database, {"dbStats": 1})
        except CommandError:
            continue
        if stats.get("fsTotalSize"):
            return int(stats["fsTotalSize"] - stats["fsUsedSize"])
    return None

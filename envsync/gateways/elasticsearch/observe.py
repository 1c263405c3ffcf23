"""What can be seen of a search cluster before anything is touched."""

from dataclasses import replace

from envsync.commands.elasticsearch_requests import path
from envsync.errors import RefusedError
from envsync.facts.elasticsearch import Cluster as ClusterFacts
from envsync.facts.elasticsearch import PullFacts, PushFacts, SwapFacts, generations
from envsync.gateways.assumed import assumed
from envsync.gateways.elasticsearch.cluster import AnswerError, Cluster, connect, missing
from envsync.gateways.elasticsearch.indices import all_indices, measured
from envsync.gateways.elasticsearch.scripts import read
from envsync.gateways.elasticsearch.store import SnapshotStore
from envsync.gateways.manifests import find, newest
from envsync.gateways.scope import Scope
from envsync.places import SnapshotRepository
from envsync.questions.elasticsearch import ObservePull, ObservePush, ObserveSwap


def observe_push(question: ObservePush, scope: Scope) -> PushFacts:
    """See the source of a push, and the repository its cluster writes to."""
    cluster = connect(question.endpoint, scope)
    readonly = _readonly(cluster, question.repository)
    meant = [index for index in all_indices(cluster) if index.is_meant(question.patterns)]
    manifest = None
    if readonly is not None:
        store = SnapshotStore(SnapshotRepository(question.repository), cluster)
        _, manifest = newest(store, question.path, question.name)
    return PushFacts(cluster.about, readonly, measured(cluster, meant), manifest)


def observe_pull(question: ObservePull, scope: Scope) -> PullFacts:
    """See the target and the artefact of a pull; raises RefusedError where there is none."""
    if question.script:
        read(question.script)
    cluster = connect(question.endpoint, scope)
    readonly = _readonly(cluster, question.repository)
    manifest, wanted = None, question.wanted
    if readonly is None:
        raise RefusedError(
            f"there is no repository {question.repository!r} on {question.endpoint}; register it "
            f"there as on {wanted.environment}'s cluster, with readonly: true in its settings: "
            f"PUT _snapshot/{question.repository}"
        )
    if not wanted.awaited:
        store = SnapshotStore(SnapshotRepository(question.repository), cluster)
        manifest = find(store, wanted.path, wanted.name, wanted.timestamp, wanted.remedy)
    about = replace(cluster.about, free_bytes=_free_bytes(cluster))
    clean = _readonly(cluster, question.clean) if question.clean else None
    return PullFacts(manifest, about, readonly, all_indices(cluster), clean)


def observe_swap(question: ObserveSwap, scope: Scope) -> SwapFacts:
    """See who serves, and who did before."""
    known = generations(all_indices(connect(question.endpoint, scope)), question.name)
    return SwapFacts(known.previous_from, known)


def assumed_push(question: ObservePush) -> PushFacts:
    """Return a source that is there, its indices unknown."""
    del question
    return PushFacts(_assumed(), readonly=False, indices=())


def assumed_pull(question: ObservePull) -> PullFacts:
    """Return a target that is there, and an artefact it can restore."""
    manifest = assumed(question, "snapshot", "0").model_copy(update={"row_counts": "estimate"})
    return PullFacts(manifest, _assumed(), readonly=True, indices=())


def _assumed() -> ClusterFacts:
    return ClusterFacts("opensearch", "0", "0", assumed=True)


def _readonly(cluster: Cluster, repository: str) -> bool | None:
    """Tell whether a cluster only reads a repository; None where it knows none of that name."""
    try:
        found = cluster.look(path("_snapshot", repository))
    except AnswerError as error:
        if missing(error):
            return None
        raise
    settings = found[repository].get("settings", {})
    return str(settings.get("readonly", settings.get("read_only", "false"))).lower() == "true"


def _free_bytes(cluster: Cluster) -> int | None:
    """Return the room on all data nodes together; None where the cluster does not say."""
    try:
        rows = cluster.look("/_cat/allocation?format=json&bytes=b&h=disk.avail")
    except AnswerError:
        return None
    free = [int(row["disk.avail"]) for row in rows if str(row.get("disk.avail") or "").isdigit()]
    return sum(free) if free else None

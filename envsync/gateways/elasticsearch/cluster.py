"""A cluster that is spoken to: every answer judged, every wait ended by the step's scope."""

import threading
import time
from collections.abc import Callable
from typing import Any

from envsync.commands.elasticsearch_requests import Call
from envsync.errors import CommandError, UnavailableError
from envsync.facts.elasticsearch import Cluster as ClusterFacts
from envsync.gateways.elasticsearch.clients import (
    FIRST_OF_OFFICIAL_CLIENT,
    Ask,
    client_version,
    elasticsearch,
    opensearch,
)
from envsync.gateways.scope import Scope
from envsync.places import Endpoint

PATIENCE = 600.0
"""Seconds without any sound answer after which a cluster that was there is given up."""
PAUSE = 0.5
LONGEST_PAUSE = 5.0
"""Seconds between two looks at what a cluster does in its own time: more the longer it lasts."""
# What a proxy says that has lost patience with the cluster, or a cluster that has too much to do.
_NOT_NOW = {408, 429, 502, 503, 504}
_NOT_FOUND = 404
NO_SHARD = "search_phase_execution_exception"
"""What a cluster says itself, as 503, of an index none of whose shards can be searched."""
_FIRST_ERROR = 400
_DENIED = {401, 403}
# Errors whose reasons quote requests and names, never documents.
_TELLING = (
    "snapshot",
    "repository",
    "index_not_found",
    "invalid_index_name",
    "invalid_alias_name",
    "aliases_not_found",
    "resource_already_exists",
    "parsing_exception",
    "x_content_parse",
    "cluster_block",
    "concurrent_snapshot",
    "security_exception",
    "action_request_validation",
)


class AnswerError(CommandError):
    """The cluster refused; `kind` is its own name for why, `status` HTTP's."""

    def __init__(self, sentence: str, status: int, kind: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.kind = kind


class Cluster:
    """A cluster, spoken to with the client that fits it."""

    def __init__(self, endpoint: Endpoint, scope: Scope, ask: Ask, about: ClusterFacts) -> None:
        self.endpoint = endpoint
        self.scope = scope
        self.about = about
        self._ask = ask

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return an answer; raises UnavailableError where it may help to ask again."""
        return self.send(Call(method, path, body))

    def send(self, call: Call) -> Any:
        """Return the answer to a request."""
        return judged(self.endpoint, call, *_stoppable(self.scope, lambda: self._ask(call)))

    def look(self, path: str, body: Any = None) -> Any:
        """Return an answer that changes nothing, however often the way there fails meanwhile."""
        return self.insist(lambda: self.ask("POST" if body is not None else "GET", path, body))

    def insist(self, work: Callable[[], Any]) -> Any:
        """Do again what may be done again, until an answer comes."""
        given_up = time.monotonic() + PATIENCE
        while True:
            try:
                return work()
            except UnavailableError:
                if time.monotonic() > given_up:
                    raise
            self.pause(PAUSE)

    def pause(self, seconds: float) -> None:
        """Wait; ends at once when the step does."""
        ended = threading.Event()
        with self.scope.stoppable(ended.set):
            ended.wait(seconds)
        self.scope.check()

    def until(self, look: Callable[[], Any]) -> Any:
        """Look again and again, more seldom with time, until there is something to return."""
        pause = PAUSE / 5
        while (found := look()) is None:
            self.pause(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        return found


def connect(endpoint: Endpoint, scope: Scope) -> Cluster:
    """Ask a cluster what it is, and return it with the client that fits."""
    ask = opensearch(endpoint)
    call = Call("GET", "/")
    said = judged(endpoint, call, *_stoppable(scope, lambda: ask(call)))
    version = said.get("version", {}) if isinstance(said, dict) else {}
    number = str(version.get("number", ""))
    if not number[:1].isdigit():
        raise CommandError(f"{endpoint} is neither Elasticsearch nor OpenSearch; correct host:")
    distribution = str(version.get("distribution", "elasticsearch"))
    major = int(number.partition(".")[0])
    official = distribution == "elasticsearch" and major >= FIRST_OF_OFFICIAL_CLIENT
    about = ClusterFacts(distribution, number, client_version(official=official))
    return Cluster(endpoint, scope, elasticsearch(endpoint) if official else ask, about)


def judged(endpoint: Endpoint, call: Call, status: int, answer: Any) -> Any:
    """Return a sound answer; raises for every other, in a sentence that quotes no document."""
    if status in _NOT_NOW and _error(answer)[0] != NO_SHARD:
        raise UnavailableError(f"{endpoint} did not answer {call.method} {call.path}: {status}")
    if status < _FIRST_ERROR:
        if not isinstance(answer, dict | list):
            raise UnavailableError(f"{endpoint} gave an empty answer to {call.method} {call.path}")
        return answer
    kind, reason = _error(answer)
    if status in _DENIED:
        raise AnswerError(
            f"{endpoint} does not let this user {call.method} {call.path}: {reason or status}; "
            "correct user: and password: in the inventory, or what the user may do",
            status,
            kind,
        )
    raise AnswerError(
        f"{endpoint} refused {call.method} {call.path}: {reason or kind or status}", status, kind
    )


def _error(answer: Any) -> tuple[str, str]:
    """Return a refusal's kind, and its reason where that quotes no document."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return "", ""
    kind = str(error.get("type", ""))
    causes = [cause for cause in error.get("root_cause", ()) if isinstance(cause, dict)]
    for cause in (*causes, error):
        if any(word in str(cause.get("type", "")) for word in _TELLING):
            return kind, str(cause.get("reason", "")).splitlines()[0]
    return kind, ""


def missing(error: AnswerError) -> bool:
    """Tell whether a refusal says that what was asked for is not there."""
    return error.status == _NOT_FOUND


def _stoppable(scope: Scope, work: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Wait for an answer as long as the step goes on; the request itself ends by its time limit."""
    scope.check()
    answered = threading.Event()
    answers: list[tuple[int, Any]] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            failures.append(error)
        answered.set()

    with scope.stoppable(answered.set):
        threading.Thread(target=run, name="envsync-request", daemon=True).start()
        answered.wait()
    scope.check()
    if failures:
        raise failures[0]
    return answers[0]

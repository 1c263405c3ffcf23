"""Who is at what: a document only one run can create, kept alive by it, against other machines.

No clocks are compared: a claim whose number moves is held; one that stands still for a while was
left by a killed run and is taken over. On the machine of that run it is taken over at once.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from envsync.commands.elasticsearch import CLAIMS, Claim
from envsync.commands.elasticsearch_requests import path
from envsync.errors import BusyError, CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.claims import overtaken
from envsync.gateways.elasticsearch.cluster import AnswerError, Cluster, connect, missing
from envsync.gateways.holders import has_ended, this_process
from envsync.gateways.scope import Scope

BEAT = 2.0
LAPSE = 20.0
"""Seconds between two signs of life, and after how many without one a claim is taken over."""
_CONFLICT = 409
_SETTINGS = {
    "settings": {
        "index.hidden": True,
        "index.number_of_shards": 1,
        "index.auto_expand_replicas": "0-1",
    }
}


@contextmanager
def claim_database(command: Claim, scope: Scope) -> Iterator[Callable[[str], None]]:
    """Hold a database for one pull; raises BusyError while another machine does.

    Yields what raises CommandError, with what is untouched, once another run holds it instead.
    """
    lease = Lease(connect(command.endpoint, scope), f"pull-{command.name}", {})
    other = lease.take()
    if other is not None:
        raise BusyError(
            f"another envsync is restoring {command.name!r} on {command.endpoint}: "
            f"{other.get('holder')}; it will tell how that ends"
        )

    def require_ours(untouched: str) -> None:
        if not lease.is_ours():
            raise overtaken(command.name, command.endpoint, untouched)

    with lease.kept(scope):
        yield require_ours


class Lease:
    """One run's claim to one thing."""

    def __init__(self, cluster: Cluster, name: str, described: Mapping[str, str]) -> None:
        self._cluster = cluster
        self._path = path(CLAIMS, "_doc", name)
        self._described = {
            **described,
            "holder": f"{socket.gethostname()} (pid {os.getpid()})",
            "process": this_process(),
            "run": uuid4().hex,
        }
        self._beats = 0
        self._version = ""
        self._lock = threading.Lock()

    def take(self) -> Mapping[str, Any] | None:
        """Take the claim; returns what another run wrote into it where that one is alive."""
        with suppress(AnswerError):
            self._cluster.insist(lambda: self._cluster.ask("PUT", path(CLAIMS), _SETTINGS))
        while True:
            if self._write("op_type=create"):
                return None
            seen = self.read()
            if seen is None:
                continue
            if seen["_source"].get("run") == self._described["run"]:
                self._version = _version(seen)
                return None
            if not has_ended(seen["_source"].get("process", "")) and self._moves(seen):
                return dict(seen["_source"])
            if self._write(_version(seen)):
                return None

    def read(self) -> dict[str, Any] | None:
        """Return the claim as it is, with its version; None where nobody holds it."""
        try:
            return dict(self._cluster.look(self._path))
        except AnswerError as error:
            if missing(error):
                return None
            raise

    @contextmanager
    def kept(self, scope: Scope) -> Iterator[None]:
        """Show signs of life until the end, and then let go."""
        ended = threading.Event()
        thread = threading.Thread(
            target=self._beat, args=(ended, scope), name="envsync-claim", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with suppress(CommandError, InterruptedStepError):
                self._apart().ask("DELETE", f"{self._path}?{self._version}&refresh=true")

    def is_ours(self) -> bool:
        """Show a sign of life; tell whether the claim was still this run's."""
        with self._lock:
            if self._write(self._version):
                return True
            now = self.read()
            if now is None or now["_source"].get("run") != self._described["run"]:
                return False
            self._version = _version(now)
            return True

    def _moves(self, seen: Mapping[str, Any]) -> bool:
        """Watch somebody else's claim until it shows a sign of life, is gone, or has lapsed."""
        given_up = time.monotonic() + LAPSE
        while time.monotonic() < given_up:
            self._cluster.pause(BEAT / 4)
            now = self.read()
            if now is None:
                return False
            if _version(now) != _version(seen):
                return True
        return False

    def _write(self, condition: str) -> bool:
        """Write the claim under a condition; tell whether it held."""
        self._beats += 1
        body = {**self._described, "beat": self._beats}
        try:
            answer = self._cluster.ask("PUT", f"{self._path}?{condition}", body)
        except UnavailableError:
            return False
        except AnswerError as error:
            if error.status == _CONFLICT:
                return False
            raise
        self._version = _version(answer)
        return True

    def _apart(self) -> Cluster:
        """Return the cluster outside of the step, whose end must not keep the claim."""
        return connect(self._cluster.endpoint, Scope())

    def _beat(self, ended: threading.Event, scope: Scope) -> None:
        """Show signs of life; a cluster that cannot be reached for a moment is asked again."""
        apart: Cluster | None = None
        while not ended.wait(BEAT):
            try:
                self._cluster = apart = apart or self._apart()
                if self.is_ours():
                    continue
            except CommandError:
                continue
            scope.cancel(
                f"the claim to {self._path} on {apart.endpoint} was taken over: this run was "
                "not heard of for too long"
            )
            return


def _version(document: Mapping[str, Any]) -> str:
    return f"if_seq_no={document['_seq_no']}&if_primary_term={document['_primary_term']}"

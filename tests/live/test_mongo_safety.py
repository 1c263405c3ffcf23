"""What nobody may ever see on MongoDB: data not yet sanitised, or a collection that is gone."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo.errors import OperationFailure, PyMongoError

from tests.live.mongo_site import OLD, PEOPLE, SCRIPT, MongoSite
from tests.servers.waiting import until

pytestmark = pytest.mark.live

SLOW: dict[str, Any] = {
    "sanitise": [
        {
            "collection": "people",
            "updateMany": {
                "filter": {"$expr": {"$function": {
                    "body": "function() { sleep(100); return true; }", "args": [], "lang": "js"
                }}},
                "update": {"$set": {"email": "slow@example.com"}},
            },
        }
    ]
}  # fmt: skip
"""A script that takes long: half a minute for all documents."""

QUERY_PLAN_KILLED = 175


class Reader(threading.Thread):
    """An application that reads every few milliseconds, and remembers what it saw."""

    def __init__(self, site: MongoSite) -> None:
        super().__init__(daemon=True)
        name = f"{site.target}:reader"
        site.integration.user(name, ("read", site.target))
        self._client = site.integration.client(name)
        self._people = self._client[site.target].people
        self._done = threading.Event()
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        while not self._done.is_set():
            try:
                self.seen[self._read()] += 1
            except OperationFailure as error:
                # A query in the midst of a collection that is replaced is ended by the server.
                if error.code != QUERY_PLAN_KILLED:
                    self.seen[f"failed: {error}"] += 1
            except PyMongoError as error:
                self.seen[f"failed: {error}"] += 1
            time.sleep(0.005)

    def _read(self) -> str:
        found = list(self._people.find({}))
        if found == OLD:
            return "yesterday"
        clean = all(each["email"].endswith("@example.com") for each in found)
        return "sanitised" if clean and len(found) == PEOPLE else f"{len(found)}, clean: {clean}"

    def stop(self) -> None:
        self._done.set()
        self.join()
        self._client.close()


def test_a_reader_sees_yesterday_s_documents_or_the_sanitised_copy_and_nothing_else(
    mongo_site: MongoSite,
) -> None:
    reader = Reader(mongo_site)
    reader.start()
    for request in ("sync", "rollback", "rollback"):
        ran = mongo_site.run(request, "app", "--env", "integration")
        assert (ran.code, "WARNING" in ran.err) == (0, False), ran.err
    until(lambda: reader.seen["sanitised"] > 0, "the reader to see the copy")
    reader.stop()
    assert set(reader.seen) == {"yesterday", "sanitised"}, reader.seen


@contextmanager
def interrupted(site: MongoSite, how: signal.Signals) -> Iterator[str]:
    """Start a sync whose script takes long, and send it a signal while the script runs."""
    site.script(SLOW)
    running = site.start("sync", "app")
    until(lambda: _is_sanitising(site), "the script to run")
    yield f"{site.target}__incoming"
    running.send_signal(how)
    _, told = running.communicate(timeout=60)
    assert running.returncode == (1 if how == signal.SIGTERM else -how), told


def _is_sanitising(site: MongoSite) -> bool:
    with site.integration.client() as client:
        found = client.admin.aggregate([{"$currentOp": {"allUsers": True}}])
        return any(each.get("ns") == f"{site.target}__incoming.people" for each in found)


def test_no_application_can_read_the_quarantine(mongo_site: MongoSite) -> None:
    name = mongo_site.integration.user(f"{mongo_site.target}:app", ("readWrite", mongo_site.target))
    with (
        interrupted(mongo_site, signal.SIGTERM) as quarantine,
        mongo_site.integration.client(name) as client,
    ):
        with pytest.raises(OperationFailure, match="not authorized"):
            client[quarantine].people.find_one()
        assert client[mongo_site.target].list_collection_names() == ["people"]


def test_sigterm_ends_what_runs_on_the_server_and_yesterday_stays(mongo_site: MongoSite) -> None:
    with interrupted(mongo_site, signal.SIGTERM):
        begun = time.monotonic()
    assert time.monotonic() - begun < 25
    assert not _is_sanitising(mongo_site)
    assert_untouched(mongo_site)


def assert_untouched(site: MongoSite) -> None:
    """Yesterday's documents are live, and nothing lies beside them."""
    assert (site.people(), site.databases(), site.collections()) == (OLD, {"live"}, {"people"})


def test_after_sigkill_the_next_run_clears_up_and_succeeds(mongo_site: MongoSite) -> None:
    with interrupted(mongo_site, signal.SIGKILL):
        pass
    assert mongo_site.people() == OLD
    assert mongo_site.databases() == {"live", "__incoming"}
    assert "interrupted" in mongo_site.run("status").out
    mongo_site.script(SCRIPT)
    ran = mongo_site.run("sync", "app")
    assert (ran.code, mongo_site.databases()) == (0, {"live"}), ran.err

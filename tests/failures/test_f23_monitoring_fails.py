"""F23: monitoring cannot be reached: bounded retries, nothing lost, and the sync is not failed."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.failures.aftermath import SYNC, Serves, assert_aftermath
from tests.failures.postgresql_scene import PostgresqlScene
from tests.live.program import Ran
from tests.servers.icinga import IcingaServer
from tests.servers.nsca import NscaServer
from tests.servers.ports import free_port
from tests.servers.proxy import proxying
from tests.servers.waiting import until

pytestmark = pytest.mark.live

KEPT = "1 check result could not be delivered, the next run sends them"
GIVEN_UP = 60
"""Seconds a whole run may take with a monitoring that does not answer, which would never end."""


def monitored_by_nsca(nsca: NscaServer, port: int, prefix: str) -> dict[str, Any]:
    return {
        "transport": "nsca",
        "host": "127.0.0.1",
        "port": port,
        "config": str(nsca.folder / "send_nsca.cfg"),
        "service_prefix": prefix,
        "report_as": "db1",
    }


def monitored_by_api(icinga: IcingaServer, port: int, prefix: str) -> dict[str, Any]:
    place = icinga.place
    return {
        "transport": "api",
        "url": f"https://localhost:{port}",
        "user": place.user,
        "password": {place.password.source: place.password.name},
        "tls_ca": place.tls_ca,
        "service_prefix": prefix,
        "report_as": "db2",
    }


def run_unheard(scene: PostgresqlScene, icinga: dict[str, Any]) -> Ran:
    """Run a sync whose result nobody takes: within bounds, done, and saying what it keeps."""
    scene.site.write(integration={"icinga": icinga})
    begun = time.monotonic()
    ended = scene.run(*SYNC)
    assert time.monotonic() - begun < GIVEN_UP
    assert KEPT in ended.err, ended.err
    assert "cannot report to Icinga" in ended.err
    return ended


def test_results_that_nsca_does_not_take_are_sent_by_the_next_run(
    scene: PostgresqlScene, nsca: NscaServer
) -> None:
    old, prefix = scene.served(), f"away {scene.site.target}"
    ended = run_unheard(scene, monitored_by_nsca(nsca, free_port(), prefix))
    scene.site.write(integration={"icinga": monitored_by_nsca(nsca, nsca.port, prefix)})
    assert_aftermath(scene, ended, old, Serves.FRESH)
    until(lambda: received(nsca, prefix) == 2, "the result that was kept, and the new one")


def received(nsca: NscaServer, prefix: str) -> int:
    """Count the good results for a service that the daemon has got."""
    lines = (nsca.folder / "received").read_text().splitlines()
    return sum(f";{prefix} pull app into integration;0;OK: pull" in line for line in lines)


@contextmanager
def unavailable(icinga: IcingaServer) -> Iterator[tuple[int, list[str]]]:
    """Yield a port where the API's own certificate is shown and every request is answered 503."""
    asked: list[str] = []

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(503)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    certificates = icinga.folder / "lib" / "certs"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "localhost.crt", certificates / "localhost.key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as listener:
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield listener.server_address[1], asked
        listener.shutdown()
        thread.join()


def heard(icinga: IcingaServer, service: str) -> str:
    result = icinga.result("db2", service)
    return result[1].partition(" ")[0] if result else "nothing"


def test_results_that_the_api_answers_with_503_are_tried_three_times_and_kept(
    scene: PostgresqlScene, icinga: IcingaServer
) -> None:
    old, prefix = scene.served(), f"busy {scene.site.target}"
    service = f"{prefix} pull app into integration"
    icinga.define("db2", service)
    with unavailable(icinga) as (port, asked):
        ended = run_unheard(scene, monitored_by_api(icinga, port, prefix))
    assert len(asked) == 3
    assert heard(icinga, service) == "nothing"
    scene.site.write(integration={"icinga": monitored_by_api(icinga, icinga.port, prefix)})
    assert_aftermath(scene, ended, old, Serves.FRESH)
    assert heard(icinga, service) == "OK:"


def test_an_api_that_falls_silent_is_given_up_and_told_later(
    scene: PostgresqlScene, icinga: IcingaServer
) -> None:
    old, prefix = scene.served(), f"silent {scene.site.target}"
    service = f"{prefix} pull app into integration"
    icinga.define("db2", service)
    with proxying(icinga.port) as proxy:
        proxy.fall_silent("answers")
        ended = run_unheard(scene, monitored_by_api(icinga, proxy.port, prefix))
        proxy.heal()
        assert_aftermath(scene, ended, old, Serves.FRESH)
    assert heard(icinga, service) == "OK:"

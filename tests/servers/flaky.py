"""Servers that are reached but do not answer as they should."""

import itertools
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def dropping(port: int, connections: int) -> Iterator[int]:
    """Yield a port that drops the first connections and relays all later ones to a real server."""
    number = itertools.count(1)

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if next(number) <= connections:
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=_copy, args=(server, self.request))
                back.start()
                _copy(self.request, server)
                back.join()

    with _serving(Relay) as relay:
        yield relay


@contextmanager
def silent() -> Iterator[int]:
    """Yield a port where connections are accepted and nothing is ever said."""
    ended = threading.Event()

    class Silence(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            ended.wait()

    with _serving(Silence) as port:
        try:
            yield port
        finally:
            ended.set()


@contextmanager
def _serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)

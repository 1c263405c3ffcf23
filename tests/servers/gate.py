"""Relays to real servers that stop at a question: before the server hears it, or before its answer.

Whoever asked waits, for as long as the gate is closed: a program can be killed, or a server, at
each of the things the one asks of the other.
"""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, Literal, TypeVar

from tests.servers.waiting import until
from tests.servers.wire import MakeReader, Reader

When = Literal["unheard", "unanswered"]
Asked = TypeVar("Asked")
CHUNK = 65536


class Gates(Generic[Asked]):
    """The relays of one site: what passed them, as `read` makes it of words, and where they stop.

    Each answer is delayed by so many seconds, as on a slow network.
    """

    def __init__(self, read: Callable[[str], Asked]) -> None:
        self.heard: list[Asked] = []
        self.delay = 0.0
        self._read = read
        self.stopped = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._goes_on = False
        self._lock = threading.Lock()
        self._wanted: Callable[[Asked], bool] | None = None
        self._when: When = "unheard"
        self._lines: set[socket.socket] = set()

    def stop_at(self, wanted: Callable[[Asked], bool], when: When) -> None:
        """Stop at the first question of which `wanted` is true."""
        with self._lock:
            self.heard.clear()
            self.stopped.clear()
            self._open.clear()
            self._goes_on = False
            self._wanted, self._when = wanted, when

    def resume(self) -> None:
        """Let go on what was stopped, as if nothing had been."""
        self._goes_on = True
        self._open.set()

    def open(self) -> None:
        """Stop nowhere any more; cut all that is connected at this moment."""
        with self._lock:
            self._wanted = None
            lines = set(self._lines)
        for line in lines:
            _shut(line)
        self._open.set()

    def wait(self, ended: Callable[[], bool]) -> None:
        """Wait for the question that was wanted; fails if whoever would ask it has ended."""
        until(lambda: self.stopped.is_set() or ended(), "the question to be asked")
        assert self.stopped.is_set(), f"never asked; heard: {self.heard[-5:]}"

    def ask(self, question: str) -> When | None:
        """Note a question; returns where it has to wait, if it is the one that is wanted."""
        asked = self._read(question)
        with self._lock:
            self.heard.append(asked)
            if self._wanted is None or not self._wanted(asked):
                return None
            self._wanted = None
            return self._when

    def hold(self) -> bool:
        """Keep a question, or an answer, until it may go on, which is True, or is lost."""
        self.stopped.set()
        self._open.wait()
        return self._goes_on

    @contextmanager
    def carrying(self, *lines: socket.socket) -> Iterator[None]:
        with self._lock:
            self._lines |= set(lines)
        try:
            yield
        finally:
            with self._lock:
                self._lines -= set(lines)


class _Line:
    """One connection, carried both ways."""

    def __init__(
        self, gates: Gates[Any], reader: Reader, client: socket.socket, server: socket.socket
    ) -> None:
        self._gates = gates
        self._reader = reader
        self._client = client
        self._server = server
        self._holds_answer = False

    def carry(self) -> None:
        back = threading.Thread(target=self._answers, daemon=True)
        back.start()
        with suppress(OSError):
            while received := self._client.recv(CHUNK):
                for piece, question in self._reader.read(received):
                    self._ask(piece, question)
        _shut(self._server)
        back.join()

    def _ask(self, piece: bytes, question: str | None) -> None:
        when = self._gates.ask(question) if question is not None else None
        if when == "unheard" and not self._gates.hold():
            raise ConnectionAbortedError
        self._holds_answer = self._holds_answer or when == "unanswered"
        self._server.sendall(piece)

    def _answers(self) -> None:
        with suppress(OSError):
            while received := self._server.recv(CHUNK):
                if self._holds_answer and not self._gates.hold():
                    break
                self._holds_answer = False
                time.sleep(self._gates.delay)
                self._client.sendall(received)
        _shut(self._client)


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50


@contextmanager
def gate(gates: Gates[Any], port: int, reader: MakeReader) -> Iterator[int]:
    """Yield a port that leads to a server on a loopback port."""

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(ConnectionError),
                socket.create_connection(("127.0.0.1", port)) as server,
                gates.carrying(self.request, server),
            ):
                _Line(gates, reader(), self.request, server).carry()

    with _Listener(("127.0.0.1", 0), Relay) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield listener.server_address[1]
        finally:
            gates.open()
            listener.shutdown()
            thread.join()


def _shut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)

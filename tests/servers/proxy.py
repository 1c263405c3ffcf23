"""A relay to a real server whose connections can be cut, fall silent after so many bytes, or be slow."""

import math
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

Direction = Literal["requests", "answers"]
Fault = Literal["cut", "silence"]
CHUNK = 65536
HEARD_BYTES = 1 << 20


@dataclass(slots=True)
class _Armed:
    """A fault that will come: after how many bytes, then after how many again, how often."""

    fault: Fault
    direction: Direction
    left: int
    again: int
    times: float


class Proxy:
    """Relays to a server on loopback; all goes well until a fault is asked for.

    `heard` keeps the first megabyte of what clients said, `faults` counts what went wrong,
    `delayed` the answers that came late.
    """

    def __init__(self) -> None:
        self.port = 0
        self.faults = 0
        self.delayed = 0
        self._delay = 0.0
        self.heard = bytearray()
        self._lock = threading.Lock()
        self._healed = threading.Event()
        self._open: set[socket.socket] = set()
        self._armed: _Armed | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self, direction: Direction, after: int, times: int = 1) -> None:
        """Cut the connection that carries the byte after so many, as many times as asked."""
        self._armed = _Armed("cut", direction, after, after, times)

    def fall_silent(self, direction: Direction, after: int = 0) -> None:
        """Relay nothing more in a direction after so many bytes, and keep connections open."""
        self._healed.clear()
        self._armed = _Armed("silence", direction, after, 0, math.inf)

    def delay(self, seconds: float) -> None:
        """Have each piece of an answer come so many seconds late."""
        self._delay = seconds

    def heal(self) -> None:
        """Let go of all connections; new ones are relayed without fault."""
        self._armed = None
        self._delay = 0
        self._healed.set()
        with self._lock:
            for connection in self._open:
                _shut(connection)

    def relay(self, client: socket.socket, server: socket.socket) -> None:
        """Carry bytes both ways until either side ends."""
        with self._lock:
            self._open |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client, "answers"), daemon=True)
        back.start()
        self._pump(client, server, "requests")
        back.join()
        with self._lock:
            self._open -= {client, server}

    def _pump(self, source: socket.socket, target: socket.socket, direction: Direction) -> None:
        with suppress(OSError):
            while received := source.recv(CHUNK):
                passing, fault = self._judge(direction, received)
                if self._delay and direction == "answers":
                    self.delayed += 1
                    time.sleep(self._delay)
                target.sendall(received[:passing])
                if fault == "silence":
                    self._healed.wait()
                if fault:
                    _shut(source)
                    break
        _shut(target)

    def _judge(self, direction: Direction, received: bytes) -> tuple[int, Fault | None]:
        """Return how many bytes may pass, and what happens then."""
        with self._lock:
            if direction == "requests":
                self.heard += received[: max(0, HEARD_BYTES - len(self.heard))]
            armed = self._armed
            if armed is None or armed.direction != direction:
                return len(received), None
            if len(received) <= armed.left:
                armed.left -= len(received)
                return len(received), None
            return self._strike(armed)

    def _strike(self, armed: _Armed) -> tuple[int, Fault]:
        passing, armed.left = armed.left, armed.again
        self.faults += 1
        armed.times -= 1
        if not armed.times:
            self._armed = None
        return passing, armed.fault


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def proxying(port: int) -> Iterator[Proxy]:
    """Yield a proxy to a server on a loopback port."""
    proxy = Proxy()

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                proxy.relay(self.request, server)

    with _Listener(("127.0.0.1", 0), Relay) as listener:
        proxy.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.heal()
            listener.shutdown()
            thread.join()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)

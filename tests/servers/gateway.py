"""An HTTP proxy before a real server that asks for a password and loses answers when told to."""

import base64
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Fault = Literal["504", "empty", "drop"]


@dataclass(slots=True)
class Gateway:
    """A proxy on a port of its own; what is lost has been carried out all the same."""

    port: int = 0
    token: str = ""
    lost: list[str] = field(default_factory=list)
    _armed: list[tuple[str, str, Fault]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lose(self, method: str, part: str, how: Fault) -> None:
        """Lose the next answer to a request whose path holds a part."""
        self._armed.append((method, part, how))

    def judge(self, method: str, path: str) -> Fault | None:
        """Return how the answer to a request is lost, if it is; each loss happens once."""
        with self._lock:
            for armed in self._armed:
                if armed[0] == method and armed[1] in path:
                    self._armed.remove(armed)
                    self.lost.append(armed[1])
                    return armed[2]
        return None


@contextmanager
def gateway(port: int, user: str = "", password: str = "") -> Iterator[Gateway]:
    """Yield a gateway to a server on loopback; with a user, it lets nobody else through."""
    shown = Gateway()
    if user:
        shown.token = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if shown.token and self.headers.get("authorization") != shown.token:
                self.answer(401, b'{"error": {"type": "security_exception"}}')
                return
            server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            kind = {"content-type": self.headers.get("content-type") or "application/json"}
            server.request(self.command, self.path, body, kind)
            response = server.getresponse()
            status, text = response.status, response.read()
            server.close()
            match shown.judge(self.command, self.path):
                case "504":
                    self.answer(504, b"<html>Gateway Time-out</html>", "text/html")
                case "empty":
                    self.answer(200, b"")
                case "drop":
                    self.close_connection = True
                case None:
                    self.answer(status, text)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = relay  # noqa: N815

        def answer(self, status: int, text: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as listener:
        shown.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield shown
        finally:
            listener.shutdown()
            thread.join()

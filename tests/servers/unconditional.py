"""An S3 server that knows no conditional writes, as many do: a real one behind a 501."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REFUSAL = b"<Error><Code>NotImplemented</Code><Message>If-None-Match is not known</Message></Error>"


@contextmanager
def without_conditions(port: int) -> Iterator[int]:
    """Yield a port that relays requests to a server, but none that carries If-None-Match."""

    class Relay(BaseHTTPRequestHandler):
        def relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "If-None-Match" in self.headers:
                self._say(HTTPStatus.NOT_IMPLEMENTED, {}, REFUSAL)
                return
            upstream = http.client.HTTPConnection("127.0.0.1", port)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            self._say(answer.status, dict(answer.headers), answer.read())
            upstream.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = relay  # noqa: N815 - http.server's names

        def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()

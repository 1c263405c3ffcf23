"""An S3 server that heeds conditions on copies, which moto does not: a real one behind a check."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONDITION = "x-amz-copy-source-if-match"
REFUSAL = (
    b"<Error><Code>PreconditionFailed</Code>"
    b"<Message>At least one of the pre-conditions you specified did not hold</Message></Error>"
)


@contextmanager
def with_copy_conditions(port: int, *, always_changed: bool = False) -> Iterator[int]:
    """Yield a port that relays requests, but no copy of an object with another ETag."""

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            wanted = self.headers.get(CONDITION)
            if wanted and (always_changed or self._etag() not in (wanted, None)):
                self._say(HTTPStatus.PRECONDITION_FAILED, {}, REFUSAL)
                return
            answer, content = self._ask(self.command, self.path, body, dict(self.headers))
            self._say(answer.status, dict(answer.headers), content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = relay  # noqa: N815 - http.server's names

        def _etag(self) -> str | None:
            source = "/" + self.headers["x-amz-copy-source"].lstrip("/")
            host = {"Host": self.headers["Host"], "Authorization": self.headers["Authorization"]}
            return self._ask("HEAD", source, b"", host)[0].headers["ETag"]

        def _ask(
            self, method: str, path: str, body: bytes, headers: dict[str, str]
        ) -> tuple[http.client.HTTPResponse, bytes]:
            upstream = http.client.HTTPConnection("127.0.0.1", port)
            upstream.request(method, path, body, headers)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            return answer, content

        def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()

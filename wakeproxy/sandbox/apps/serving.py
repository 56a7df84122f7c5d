"""What the small apps share: a threaded HTTP/1.1 server that streams bodies, and its end on SIGTERM.

It ends as ECS asks of servers behind a proxy: whoever is served is served to the end, and so is who comes before the
proxy has heard that the task is stopped.
"""

import os
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from wakeproxy.sandbox.ending import Ending

CHUNK = 64 * 1024
QUIET = 0.2
"""Seconds without a request after which nobody will come any more who has not heard of the end."""


class Handler(BaseHTTPRequestHandler):
    """One connection; subclasses answer in `respond`."""

    protocol_version = "HTTP/1.1"
    server_version = "wakeproxy-app"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 3600
    server: "Server"

    def respond(self) -> None:
        """Answer one request."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._respond_and_flush
        raise AttributeError(name)

    @property
    def url(self) -> SplitResult:
        """The request's path and query."""
        return urlsplit(self.path)

    @property
    def query(self) -> dict[str, str]:
        """The request's query parameters."""
        return dict(parse_qsl(self.url.query))

    def end_headers(self) -> None:
        """End the answer's head; once the server ends, the connection ends with its answer."""
        if self.server.is_ending:
            self.send_header("Connection", "close")
        super().end_headers()

    def send(self, content_type: str, body: bytes, *, status: int = 200) -> None:
        """Answer with a whole body; to HEAD with its headers alone."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_stream(self, content_type: str, chunks: Iterator[bytes], length: int | None) -> None:
        """Answer piece by piece; without a length, in HTTP's chunked coding."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        name, value = ("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))
        self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        for chunk in chunks:
            self.wfile.write(chunk if length is not None else b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        if length is None:
            self.wfile.write(b"0\r\n\r\n")

    def body(self) -> Iterator[bytes]:
        """The request's body, piece by piece."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while size := int(self.rfile.readline(64).split(b";")[0], 16):
                yield from self._read(size)
                self.rfile.readline(8)
            self.rfile.readline(8)
        else:
            yield from self._read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Log a request as one line on standard output, as containers do."""
        sys.stdout.write(f"{format % args}\n")
        sys.stdout.flush()

    def _read(self, size: int) -> Iterator[bytes]:
        while size and (chunk := self.rfile.read1(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk

    def _respond_and_flush(self) -> None:
        with self.server.count():
            self.respond()
            self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    """Serves until it is told to end and nobody asks any more."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256
    is_ending = False

    def __init__(self, port: int, handler: type[Handler]) -> None:
        super().__init__(("0.0.0.0", port), handler)  # noqa: S104 - what a container's server does
        self._lock = threading.Lock()
        self._in_flight = 0
        self._asked_at = float("-inf")

    @contextmanager
    def count(self) -> Iterator[None]:
        """Count a request that is served."""
        with self._lock:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1
                self._asked_at = time.monotonic()

    def end(self) -> None:
        """End the process as soon as nobody asks any more; ECS kills what goes on for too long."""
        self.is_ending = True
        while not self._is_quiet():
            time.sleep(QUIET / 10)
        os._exit(0)

    def _is_quiet(self) -> bool:
        with self._lock:
            return not self._in_flight and time.monotonic() - self._asked_at >= QUIET

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""


def serve(handler: type[Handler]) -> None:
    """Listen on the port named on the command line until SIGTERM."""
    ending = Ending(signal.SIGTERM)
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    with Server(port, handler) as server:
        threading.Thread(target=server.serve_forever, args=[3600], name="listener", daemon=True).start()
        sys.stdout.write(f"listening on port {port}\n")
        sys.stdout.flush()
        ending.wait()
        server.end()

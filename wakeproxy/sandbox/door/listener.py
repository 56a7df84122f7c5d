"""The HTTP server: a thread per connection, kept alive, each answer in one write.

werkzeug's own server closes every connection after one answer, which would make each AWS call pay for a new one.
"""

import contextlib
import io
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from wakeproxy.sandbox.door.answers import Answer
from wakeproxy.sandbox.errors import SandboxError

Environ = dict[str, Any]
Answering = Callable[[Environ], Answer | None]
"""Answers a WSGI environment whose whole body has been read; `None` breaks the connection."""

_BODILESS = {204, 304}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_any(self) -> None:
        """Answer one request of any method."""
        answer = self.server.answering(self._environ(self._body()))
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        lines = [f"HTTP/1.1 {answer.status_line}"]
        has_body = answer.status not in _BODILESS
        length = {"Content-Length": str(len(answer.body))} if has_body else {}
        lines += [f"{name}: {value}" for name, value in {**length, **answer.headers}.items()]
        lines += [*(f"Set-Cookie: {cookie}" for cookie in answer.cookies), "", ""]
        body = answer.body if has_body and self.command != "HEAD" else b""
        self.wfile.write("\r\n".join(lines).encode("latin-1") + body)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.do_any
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing: the call log tells it better."""

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(64).split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline(8)
        return chunk

    def _environ(self, body: bytes) -> Environ:
        path, _, query = self.path.partition("?")
        headers: Environ = {}
        for name, value in self.headers.items():
            key = f"HTTP_{name.upper().replace('-', '_')}"
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        headers.pop("HTTP_TRANSFER_ENCODING", None)
        return {
            **headers,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,
            "RAW_URI": self.path,
            "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wakeproxy.headers": self.headers.items(),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], answering: Answering) -> None:
        self.answering = answering
        self.connections: set[socket.socket] = set()
        self.idle = threading.Condition()
        super().__init__(address, _Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self.idle:
            self.connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.idle:
                self.connections.discard(request)
                self.idle.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; anything else is a defect and is shown."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class Listener:
    """A port that answers."""

    def __init__(self, port: int, answering: Answering) -> None:
        try:
            self._server = _Server(("127.0.0.1", port), answering)
        except OSError as error:
            raise SandboxError(f"Port {port} cannot be opened: {error.strerror}. Choose another --port.") from error
        self._thread = threading.Thread(target=self._accept, name="sandbox-listener", daemon=True)

    @property
    def port(self) -> int:
        """The port that was opened."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def abandon(self) -> None:
        """Close the port before it was ever answered."""
        self._server.server_close()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._server.socket.shutdown(socket.SHUT_RDWR)  # ends the wait in accept()
        self._thread.join()
        self._server.server_close()
        with self._server.idle:
            for connection in self._server.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._server.idle.wait_for(lambda: not self._server.connections, timeout=2)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._server.process_request(*self._server.socket.accept())

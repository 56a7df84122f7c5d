"""Begins to accept after ``START_SECONDS`` and tells in every answer since when: what wakes are timed by."""

import os
import socketserver
import time
from http.server import BaseHTTPRequestHandler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"<!doctype html><title>The app</title><p id=since>{_since}</p>".encode()
        self.send_response(200)
        self.send_header("X-Accepting-Since", str(_since))
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        del format, args


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 2048


time.sleep(float(os.environ.get("START_SECONDS", "0")))
server = _Server(("0.0.0.0", 8080), _Handler)
_since = time.time()
server.serve_forever()

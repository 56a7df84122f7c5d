"""`wakeproxy/hello`: a friendly page on every path, and a few endpoints to try a proxy with.

/healthz · /api/echo (the request as JSON) · /api/mirror (the body, streamed back) · /api/bytes?count=N (a download) ·
/api/sleep?seconds=S (a slow answer) · /api/drip?seconds=S (a line every 100 ms, chunked).
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator

from wakeproxy.sandbox.apps.page import render_facts, render_page
from wakeproxy.sandbox.apps.serving import CHUNK, Handler, serve

STARTED = time.monotonic()
ECHO_LIMIT = 1024 * 1024
"""Bytes of a body that /api/echo repeats; of a larger one it tells length and digest only."""


class Hello(Handler):
    """Answers everything."""

    def respond(self) -> None:
        """Choose the answer by path."""
        match self.url.path:
            case "/healthz":
                self._finish_body()
                self.send("text/plain; charset=utf-8", b"ok\n")
            case "/api/echo":
                self.send("application/json", json.dumps(self._echo(), indent=1).encode() + b"\n")
            case "/api/mirror":
                length = self.headers.get("Content-Length")
                self.send_stream("application/octet-stream", self.body(), int(length) if length else None)
            case "/api/bytes":
                count = int(self.query.get("count", "1024"))
                self.send_stream("application/octet-stream", _zeros(count), count)
            case "/api/sleep":
                self._finish_body()
                time.sleep(float(self.query.get("seconds", "1")))
                self.send("text/plain; charset=utf-8", b"awake again\n")
            case "/api/drip":
                self.send_stream("text/plain; charset=utf-8", _drops(float(self.query.get("seconds", "1"))), None)
            case _:
                self._finish_body()
                self.send("text/html; charset=utf-8", self._page())

    def _echo(self) -> dict[str, object]:
        kept, size, digest = bytearray(), 0, hashlib.sha256()
        for chunk in self.body():
            size += len(chunk)
            digest.update(chunk)
            if size <= ECHO_LIMIT:
                kept += chunk
        return {
            "method": self.command,
            "path": self.url.path,
            "query": self.url.query,
            "headers": list(self.headers.items()),
            "body": kept.decode(errors="replace") if size <= ECHO_LIMIT else None,
            "bytes": size,
            "sha256": digest.hexdigest(),
            "pid": os.getpid(),
        }

    def _page(self) -> bytes:
        name = os.environ.get("NAME", "Hello")  # noqa: TID251 - a container is configured by its environment
        facts = {
            "Method": self.command,
            "Path": self.url.path,
            "Query": self.url.query or "none",
            "Process": str(os.getpid()),
            "Awake for": f"{time.monotonic() - STARTED:.1f} s",
        }
        headers = f"<details><summary>Request headers</summary>{render_facts(dict(self.headers.items()))}</details>"
        return render_page(
            f"{name}, I am awake", "A small app, started because you asked.", render_facts(facts), headers
        )

    def _finish_body(self) -> None:
        for _ in self.body():
            pass


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield bytes(min(CHUNK, count))
        count -= CHUNK


def _drops(seconds: float) -> Iterator[bytes]:
    for number in range(round(seconds * 10)):
        yield f"drop {number}\n".encode()
        time.sleep(0.1)


if __name__ == "__main__":
    serve(Hello)

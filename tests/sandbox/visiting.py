"""Visits to APIs and function URLs, byte for byte: raw paths, repeated headers, signatures."""

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from wakeproxy.sandbox import Sandbox

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What a visitor got."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True)
class Site:
    """A name that the sandbox serves."""

    sandbox: Sandbox
    host: str

    def ask(self, method: str, path: str, *, headers: Headers = (), body: bytes = b"") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", int(self.sandbox.url.rsplit(":", 1)[1]), timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in [("Host", self.host), *headers]:
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def get(self, path: str, *headers: tuple[str, str]) -> Answer:
        return self.ask("GET", path, headers=headers)

    def signed(self, service: str, path: str, keys: tuple[str, str], *, body: bytes = b"") -> Headers:
        """The headers that sign a request; its method is POST if it has a body."""
        request = AWSRequest("POST" if body else "GET", f"http://{self.host}{path}", data=body or None)
        SigV4Auth(Credentials(*keys), service, self.sandbox.region).add_auth(request)
        return list(request.headers.items())

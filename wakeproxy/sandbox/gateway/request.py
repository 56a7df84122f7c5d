"""A visitor's request as it came: raw path, every header, the body."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]

TEXTS = ("text/", "application/json", "application/javascript", "application/xml")
"""Content types whose bodies reach a function as they are. Forms are none of them, nor is a body without a type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a visitor asks."""

    method: str
    raw_path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str
    port: str

    @classmethod
    def read(cls, environ: Mapping[str, Any], body: bytes) -> "Request":
        """Take it out of a WSGI environment of the sandbox's listener."""
        raw_path, _, query = environ["REQUEST_URI"].partition("?")
        return cls(
            method=environ["REQUEST_METHOD"],
            raw_path=raw_path,
            query=query,
            headers=environ["wakeproxy.headers"],
            body=body,
            source_ip=environ["REMOTE_ADDR"],
            port=environ["SERVER_PORT"],
        )

    def header(self, name: str) -> str:
        """Read a header, empty if it is not there."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def host(self) -> str:
        """The name it was asked under, without the port."""
        return self.header("host").rsplit(":", 1)[0] if ":" in self.header("host") else self.header("host")

    def joined_headers(self) -> dict[str, str]:
        """The headers as functions get them: lower case, repeated ones joined, cookies apart, the gateway's added."""
        joined: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            if key != "cookie":
                joined[key] = f"{joined[key]},{value}" if key in joined else value
        before = joined.get("x-forwarded-for")
        joined["x-forwarded-for"] = f"{before}, {self.source_ip}" if before else self.source_ip
        return joined | {"x-forwarded-proto": "http", "x-forwarded-port": self.port}

    def cookies(self) -> list[str]:
        """Each cookie, `name=value`."""
        jars = [value for name, value in self.headers if name.lower() == "cookie"]
        return [cookie.strip() for jar in jars for cookie in jar.split(";") if cookie.strip()]

    def joined_query(self) -> dict[str, str]:
        """The query's parameters, decoded, repeated ones joined."""
        joined: dict[str, str] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True, errors="replace"):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        return joined

    def told_body(self) -> Json:
        """The body as an event holds it: text as it is, all else in base64."""
        if not self.body:
            return {"isBase64Encoded": False}
        if self.header("content-type").lower().startswith(TEXTS):
            try:
                return {"body": self.body.decode(), "isBase64Encoded": False}
            except UnicodeDecodeError:
                pass
        return {"body": base64.b64encode(self.body).decode(), "isBase64Encoded": True}

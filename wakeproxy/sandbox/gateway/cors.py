"""Cross-origin requests, answered by the gateway from an API's or a URL's configuration. Pure.

What a function says of them itself is then overridden, as AWS does.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wakeproxy.sandbox.door.answers import Answer
from wakeproxy.sandbox.gateway.request import Request

Configuration = Mapping[str, Any]


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what it may ask."""
    asked = request.header("access-control-request-method")
    return request.method == "OPTIONS" and bool(request.header("origin") and asked)


def answer_preflight(configuration: Configuration, request: Request) -> Answer:
    """Say what is allowed."""
    headers = _allowed(configuration, request)
    if headers:
        for key, name in (("allowMethods", "Allow-Methods"), ("allowHeaders", "Allow-Headers")):
            if configuration.get(key):
                headers[f"Access-Control-{name}"] = ",".join(configuration[key])
        if configuration.get("maxAge") is not None:
            headers["Access-Control-Max-Age"] = str(configuration["maxAge"])
    return Answer(204, b"", headers)


def with_cors(configuration: Configuration, request: Request, answer: Answer) -> Answer:
    """Add to an answer what lets a page of another origin read it."""
    kept = {name: value for name, value in answer.headers.items() if not name.lower().startswith("access-control-")}
    allowed = _allowed(configuration, request)
    if allowed and configuration.get("exposeHeaders"):
        allowed["Access-Control-Expose-Headers"] = ",".join(configuration["exposeHeaders"])
    return replace(answer, headers={**kept, **allowed})


def _allowed(configuration: Configuration, request: Request) -> dict[str, str]:
    origin, origins = request.header("origin"), configuration.get("allowOrigins") or []
    with_credentials = bool(configuration.get("allowCredentials"))
    if not origin or not any(each in {"*", origin} or _is_scheme_of(origin, each) for each in origins):
        return {}
    headers = {"Access-Control-Allow-Origin": "*" if "*" in origins and not with_credentials else origin}
    headers |= {"Vary": "Origin"} if headers["Access-Control-Allow-Origin"] != "*" else {}
    return headers | ({"Access-Control-Allow-Credentials": "true"} if with_credentials else {})


def _is_scheme_of(origin: str, pattern: str) -> bool:
    """Whether a pattern such as `https://*` takes an origin in."""
    return pattern.endswith("://*") and origin.startswith(pattern.removesuffix("*"))

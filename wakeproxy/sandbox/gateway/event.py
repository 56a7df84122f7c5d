"""The event in payload format 2.0 that a function gets for a request (AWS: Lambda integrations of HTTP APIs). Pure."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wakeproxy.sandbox.gateway.request import Request
from wakeproxy.sandbox.model.arns import ACCOUNT

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request arrived: what the event tells besides the request itself."""

    api: str
    stage: str = "$default"
    route: str = "$default"
    path: str
    """As the event shows it: decoded by an HTTP API, raw by a function URL."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    caller: Json | None = None
    """`authorizer.iam` of the one who signed, where a signature is asked for."""


def new_request_id() -> str:
    """An id as API Gateway gives it."""
    return f"{secrets.token_urlsafe(11)}="


def build_event(request: Request, place: Place, *, request_id: str, now: float) -> Json:
    """Build the event; `now` is in seconds since 1970."""
    at = datetime.fromtimestamp(now, UTC)
    headers = request.joined_headers()
    context: Json = {
        "accountId": ACCOUNT,
        "apiId": place.api,
        "domainName": request.host,
        "domainPrefix": request.host.split(".")[0],
        "http": {
            "method": request.method,
            "path": place.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": place.route,
        "stage": place.stage,
        "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now * 1000),
    }
    if place.caller is not None:
        context["authorizer"] = {"iam": place.caller}
    optional = {
        "cookies": request.cookies(),
        "queryStringParameters": request.joined_query(),
        "pathParameters": dict(place.parameters),
        "stageVariables": dict(place.variables),
    }
    return {
        "version": "2.0",
        "routeKey": place.route,
        "rawPath": place.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": context,
        **{name: value for name, value in optional.items() if value},
        **request.told_body(),
    }

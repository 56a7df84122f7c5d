"""Events as AWS makes them, of every kind that tells of a request (AWS documentation of each, shortened)."""

from collections.abc import Mapping, Sequence
from typing import Any

HOST = "shop.example.com"
API = "a1b2c3.execute-api.eu-central-1.amazonaws.com"
FUNCTION_URL = "abcdef.lambda-url.eu-central-1.on.aws"
CLIENT = "203.0.113.9"
SIGNER = "arn:aws:iam::123456789012:user/ops"
BROWSER = {
    "accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "sec-fetch-mode": "navigate",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0",
}
PROGRAM = {"accept": "application/json", "user-agent": "a-program/1.0"}
NO_FIELDS: Mapping[str, str] = {}


def http_event(
    method: str = "GET",
    path: str = "/",
    fields: Mapping[str, str] = NO_FIELDS,
    *,
    host: str = HOST,
    **more: Any,
) -> dict[str, Any]:
    """An HTTP API's event, payload format 2.0; ``query``, ``stage``, ``route``, ``signer`` and any key of its own."""
    stage, signer = more.pop("stage", "$default"), more.pop("signer", None)
    route = more.pop("route", "$default")
    authorizer = {"authorizer": {"iam": {"userArn": signer}}} if signer else {}
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": more.pop("query", ""),
        "headers": {
            "host": host,
            "x-forwarded-for": f"192.0.2.66, {CLIENT}",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            "content-length": str(len(more.get("body", ""))),
            **fields,
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3",
            **authorizer,
            "domainName": host,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": CLIENT, "userAgent": "agent"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": stage,
        },
        "isBase64Encoded": False,
        **more,
    }


def rest_event(
    method: str = "GET", path: str = "/", fields: Mapping[str, Sequence[str]] | None = None, **more: Any
) -> dict[str, Any]:
    """A REST API's event, payload format 1.0; ``query`` maps names to values, decoded."""
    query, host = more.pop("query", None), more.pop("host", HOST)
    stage, signer = more.pop("stage", "prod"), more.pop("signer", None)
    many = {"Host": [host], "X-Forwarded-For": [f"192.0.2.66, {CLIENT}"], **(fields or {})}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in many.items()},
        "multiValueHeaders": many,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "multiValueQueryStringParameters": query,
        "requestContext": {
            "domainName": host,
            "stage": stage,
            "path": f"/{stage}{path}",
            "httpMethod": method,
            "identity": {"sourceIp": CLIENT, "userArn": signer},
        },
        "body": None,
        "isBase64Encoded": False,
        **more,
    }


def balancer_event(
    method: str = "GET", path: str = "/", fields: Mapping[str, str] = NO_FIELDS, **more: Any
) -> dict[str, Any]:
    """A load balancer's event; ``many`` tells several values of a field or a query, as it came."""
    is_many, query = more.pop("many", False), more.pop("query", {})
    told = {
        "host": HOST,
        "x-forwarded-for": f"192.0.2.66, {CLIENT}",
        "x-forwarded-port": "80",
        "x-forwarded-proto": "http",
        **fields,
    }
    if is_many:
        parts: dict[str, Any] = {
            "multiValueHeaders": {name: [value] for name, value in told.items()},
            "multiValueQueryStringParameters": {name: [value] for name, value in query.items()},
        }
    else:
        parts = {"headers": told, "queryStringParameters": query}
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/x/1"}},
        "httpMethod": method,
        "path": path,
        **parts,
        "body": "",
        "isBase64Encoded": False,
        **more,
    }

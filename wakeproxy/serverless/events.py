"""Events to requests: what API Gateway, function URLs and load balancers hand to a Lambda, in one form.

A request is judged as strictly as one that came over a socket: it becomes a head again, and `wire` reads that. So
nothing gets through here that the front would refuse.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import quote, urlencode

from wakeproxy.errors import UsageError
from wakeproxy.wire.errors import BadMessageError
from wakeproxy.wire.forwarding import Hop
from wakeproxy.wire.requests import RequestHead, read_request

_PLAIN: Final = "/:@!$&'()*+,;=~"
"""What a path may hold besides letters, digits and ``-._`` (RFC 3986, 3.3)."""
_NO_TRIPLET: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_IN_QUERIES: Final = _PLAIN + '?%[]"<>\\^`{|}'
"""What comes in queries although it should not stands there as it came, as it does on its way through the front."""
_OURS: Final = frozenset({"content-length", "transfer-encoding", "expect", "connection", "upgrade"})
"""These tell of the connection to the gateway, which is not ours."""
_HTTPS_PORT, _HTTP_PORT = 443, 80


class NoHttpEventError(UsageError):
    """An event of another kind than the Lambda is for."""


class Shape(Enum):
    """In which form an event tells of a request, and wants its answer."""

    HTTP = auto()
    """HTTP APIs (payload format 2.0) and function URLs."""
    REST = auto()
    """REST APIs, and HTTP APIs with payload format 1.0."""
    BALANCER = auto()
    """Application Load Balancers."""
    BALANCER_MANY = auto()
    """Those that are told to pass several values of a field."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came in an event."""

    shape: Shape
    read: RequestHead
    body: bytes
    hop: Hop
    """Who asked, as the gateway saw it."""
    base: str = ""
    """What the visitor's path begins with besides: the stage of an API."""
    route: str = ""
    """The API's route that was taken, such as ``POST /wake/{service}``."""
    caller: str | None = None
    """The ARN of who signed the request, where IAM was asked."""


def recognise(event: Any) -> Shape:
    """Say in which form an event tells of a request.

    Raises:
        NoHttpEventError: it tells of none.
    """
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    if isinstance(context, Mapping):
        if "elb" in context:
            return Shape.BALANCER_MANY if "multiValueHeaders" in event else Shape.BALANCER
        if isinstance(context.get("http"), Mapping):
            return Shape.HTTP
        if "httpMethod" in event:
            return Shape.REST
    found = f"keys {', '.join(sorted(map(str, event))[:8])}" if isinstance(event, Mapping) else type(event).__name__
    raise NoHttpEventError(
        f"This event is no HTTP request ({found}): have it called by an HTTP API, a function URL or a load balancer."
    )


def read_event(event: Mapping[str, Any], shape: Shape, *, most_fields: int) -> Arrival:
    """Read the request in an event.

    Raises:
        BadMessageError: it has no single reading, or is nothing that is passed on.
    """
    context = _map(event, "requestContext")
    body = _read_body(event)
    base, path = _split_stage(event, shape)
    method = _text(_map(context, "http"), "method") if shape is Shape.HTTP else _text(event, "httpMethod")
    query = _read_query(event, shape)
    target = path + (f"?{query}" if query else "")
    lines = [f"{method} {target} HTTP/1.1".encode(errors="replace")]
    fields = list(_read_fields(event, shape))
    if not any(name.lower() == "host" for name, _ in fields) and _text(context, "domainName"):
        fields.append(("Host", _text(context, "domainName")))
    lines += [f"{name}: {value}".encode(errors="replace") for name, value in fields if name.lower() not in _OURS]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise BadMessageError("A field of the event holds a line end.")
    read = read_request(b"\r\n".join((*lines, b"", b"")), most_fields=most_fields)
    hop = _read_hop(context, shape, {name.lower(): value for name, value in fields})
    resource = _text(event, "resource")
    route = _text(context, "routeKey") or (f"{method} {resource}" if resource else "")
    return Arrival(shape, read, body, hop, base, route, _read_caller(context))


def _map(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(holder: Mapping[str, Any], name: str) -> str:
    found = holder.get(name)
    return found if isinstance(found, str) else ""


def _texts(values: Any) -> Sequence[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _read_body(event: Mapping[str, Any]) -> bytes:
    body = _text(event, "body")
    if not event.get("isBase64Encoded"):
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadMessageError("The event's body is not the base64 that it says it is.") from error


def _split_stage(event: Mapping[str, Any], shape: Shape) -> tuple[str, str]:
    """Split the visitor's path, encoded again where the gateway decoded it, into the API's stage and the rest."""
    context = _map(event, "requestContext")
    stage, domain = _text(context, "stage"), _text(context, "domainName")
    is_function_url = ".lambda-url." in domain
    if shape is not Shape.HTTP:
        base = f"/{stage}" if shape is Shape.REST and ".execute-api." in domain and stage else ""
        return base, _encode(_text(event, "path"), is_decoded=False)
    path, base = _text(event, "rawPath"), ""
    if stage not in {"", "$default"} and f"{path}/".startswith(f"/{stage}/"):
        base, path = f"/{stage}", path[len(stage) + 1 :]
    return base, _encode(path, is_decoded=not is_function_url)


def _encode(path: str, *, is_decoded: bool) -> str:
    """Write a path as requests carry it; HTTP APIs hand it on decoded, the others as it came."""
    plain = path if path.startswith("/") else "/" + path
    if is_decoded:
        return quote(plain, safe=_PLAIN, errors="replace")
    return quote(_NO_TRIPLET.sub("%25", plain), safe=_PLAIN + "%", errors="replace")


def _read_query(event: Mapping[str, Any], shape: Shape) -> str:
    if shape is Shape.HTTP:
        return quote(_text(event, "rawQueryString"), safe=_IN_QUERIES, errors="replace")
    many = _map(event, "multiValueQueryStringParameters")
    single = {name: [value] for name, value in _map(event, "queryStringParameters").items()}
    pairs = [(str(name), value) for name, values in (many or single).items() for value in _texts(values)]
    if shape is Shape.REST:
        return urlencode(pairs, errors="replace")
    # A load balancer hands queries on as they came.
    return quote("&".join(f"{name}={value}" for name, value in pairs), safe=_IN_QUERIES, errors="replace")


def _read_fields(event: Mapping[str, Any], shape: Shape) -> Iterator[tuple[str, str]]:
    many = _map(event, "multiValueHeaders") if shape is not Shape.HTTP else {}
    if many:
        yield from ((str(name), value.strip()) for name, values in many.items() for value in _texts(values))
        return
    for name, value in _map(event, "headers").items():
        if isinstance(value, str):
            yield str(name), value.strip()
    if cookies := _texts(event.get("cookies")):
        yield "Cookie", "; ".join(cookies)


def _read_hop(context: Mapping[str, Any], shape: Shape, fields: Mapping[str, str]) -> Hop:
    """Say who came by which way. Only a load balancer's word on that stands in fields, and its own comes last there."""
    if shape in {Shape.HTTP, Shape.REST}:
        known = _map(context, "http" if shape is Shape.HTTP else "identity")
        return Hop(_address(_text(known, "sourceIp")), "https", _HTTPS_PORT)
    scheme = "https" if fields.get("x-forwarded-proto", "").lower() == "https" else "http"
    port = fields.get("x-forwarded-port", "")
    usual = _HTTPS_PORT if scheme == "https" else _HTTP_PORT
    is_port = port.isascii() and port.isdigit() and len(port) < len("100000")
    peer = fields.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return Hop(_address(peer), scheme, int(port) if is_port else usual)


def _address(text: str) -> str:
    """Take an address as fields may carry it; what is none was seen by nobody."""
    return text if re.fullmatch(r"[0-9A-Fa-f:.]{2,45}", text) else "unknown"


def _read_caller(context: Mapping[str, Any]) -> str | None:
    """Find who signed a request that IAM admitted, by the place that only the gateway writes to."""
    authorizer = _map(_map(context, "authorizer"), "iam")
    return _text(authorizer, "userArn") or _text(_map(context, "identity"), "userArn") or None

"""Which AWS call a request is, and the log of calls."""

import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

CALLS_KEPT = 20_000
DROPPED = 0
"""The status logged for a call whose connection was broken."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made."""

    at: float
    """When it came in, on the monotonic clock."""
    service: str
    operation: str
    params: Mapping[str, Any]
    status: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    service: str
    region: str
    operation: str
    params: Mapping[str, Any]
    is_json: bool
    """Whether errors are answered in JSON; in XML otherwise."""

    def targets(self) -> tuple[str, ...]:
        """Every `cluster/service` an ECS call names: what faults are aimed at."""
        if self.service != "ecs":
            return ()
        cluster = _last(self.params.get("cluster") or "default")
        named = [self.params.get(key) for key in ("service", "serviceName", "family", "taskDefinition")]
        named += self.params.get("services") or []
        return tuple(f"{cluster}/{_last(str(name))}" for name in named if name) or (f"{cluster}/",)


class CallLog:
    """The last calls; safe to use from any thread."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._lock = threading.Lock()

    def add(self, asked: Asked, at: float, status: int) -> None:
        """Note a call that was answered, or whose answer was lost."""
        with self._lock:
            self._calls.append(Call(at, asked.service, asked.operation, asked.params, status))

    def snapshot(self) -> tuple[Call, ...]:
        """The calls so far."""
        with self._lock:
            return tuple(self._calls)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._calls.clear()


def read_call(environ: Mapping[str, Any], body: bytes, *, region: str) -> Asked:
    """Read service and Region from the signature, the operation from target, form or path."""
    service, region = _scope(environ.get("HTTP_AUTHORIZATION", "")) or ("", region)
    prefix, _, target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    if target:
        service = service or ("ecs" if prefix.startswith("AmazonEC2ContainerService") else prefix.lower())
        return Asked(service, region, target, _json(body), is_json=True)
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        return Asked(service, region, form.pop("Action", ""), form, is_json=False)
    method, path = environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", "")
    if service == "lambda" and method == "POST" and path.rstrip("/").endswith("/invocations"):
        return Asked(service, region, "Invoke", {"FunctionName": path.split("/")[3]}, is_json=True)
    return Asked(service or "s3", region, f"{method} {path}", {}, is_json=service not in {"s3", ""})


def now() -> float:
    """The clock of `Call.at`."""
    return time.monotonic()


def _scope(authorization: str) -> tuple[str, str] | None:
    """Service and Region out of `Credential=KEY/DATE/REGION/SERVICE/aws4_request`."""
    _, found, rest = authorization.partition("Credential=")
    parts = rest.split(",", 1)[0].split("/")
    return (parts[3].lower(), parts[2]) if found and len(parts) == 5 else None  # noqa: PLR2004


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]

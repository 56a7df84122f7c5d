"""Every route of the contract is answered by the handler, and every answer that it describes can be seen."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from openapi_schema_validator import OAS30Validator

from tests.infra.gateway import BUSY_STAGE, PATIENCE, SEARCHED, WHO, Gateway, read_contract, run_gateway
from wakeproxy.sandbox.gateway.routes import match_route

CONTRACT = read_contract()
ANYWHERE: Mapping[str, Any] = CONTRACT["x-anywhere"]
ANY_METHOD = "x-amazon-apigateway-any-method"
KEYS = {
    "$default" if path == "/$default" else f"{'ANY' if method == ANY_METHOD else method.upper()} {path}": operation
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
}
"""Operations by what API Gateway calls their routes."""
PAGE, PROGRAM, FOREIGN = "a browser", "a program", "another site's page"
ROOTED = "?path=/rooted/"
Amid = Callable[[Gateway], AbstractContextManager[None]]


def undisturbed(_: Gateway) -> AbstractContextManager[None]:
    return nullcontext()


def misconfigured(gateway: Gateway) -> AbstractContextManager[None]:
    return gateway.changed(Environment={"Variables": {"PYTHONPATH": SEARCHED}})


def hurried(gateway: Gateway) -> AbstractContextManager[None]:
    return gateway.changed(Timeout=5)


def denied(gateway: Gateway) -> AbstractContextManager[None]:
    return gateway.failing("UpdateService")


@dataclass(frozen=True)
class Row:
    """A request, and what it is answered at last."""

    route: str
    status: int
    path: str
    who: str = PROGRAM
    method: str = "GET"
    kind: str = ""
    """The content type of the answer; none is looked for where it has no body."""
    body: bytes = b""
    is_signed: bool = False
    amid: Amid = undisturbed
    more: Mapping[str, str] = field(default_factory=dict)
    """Fields besides."""


def post(route: str, status: int, path: str, who: str = PROGRAM, kind: str = "", **more: Any) -> Row:
    return Row(f"POST {route}", status, path, who, "POST", kind, **more)


def ops(route: str, status: int, path: str, kind: str = "", **more: Any) -> Row:
    return Row(route, status, path, PROGRAM, route.partition(" ")[0], kind, is_signed=status != 403, **more)


JSON, PROBLEM, HTML = "application/json", "application/problem+json", "text/html"
VISIT, SLEEP, WAKE = "ANY /{service}/{proxy+}", "POST /sleep/{service}", "POST /wake/{service}"
STATUS, OWN = "GET /status/{service}", "/{service}/.wakeproxy"
TABLE = (
    # Visits, by every route there is.
    Row("ANY /", 404, "/", kind=PROBLEM),
    Row("ANY /{proxy+}", 404, "/nobody", PAGE, kind=HTML),
    Row("$default", 404, f"/{BUSY_STAGE}", kind=PROBLEM),  # a stage alone: no other route takes an empty path
    Row(VISIT, 503, "/asleep/x", PAGE, kind=HTML),
    Row(VISIT, 503, "/asleep/x", kind=PROBLEM),
    Row(VISIT, 503, "/failing/x", PAGE, kind=HTML),
    Row(VISIT, 503, "/waking/x", PAGE, kind=HTML),
    Row(VISIT, 200, "/asleep/robots.txt", kind="text/plain"),
    Row(VISIT, 204, "/asleep/favicon.ico"),
    Row(VISIT, 200, "/awake/x", kind="text/plain"),
    Row(VISIT, 418, "/awake/teapot", kind="text/plain"),
    Row(VISIT, 307, "/led/x?y=z"),
    Row("ANY /{proxy+}", 308, "/awake"),
    Row(VISIT, 501, "/awake/x", method="TRACE", kind=PROBLEM),
    Row(VISIT, 502, "/awake/torn", kind=PROBLEM),
    # What any request may be answered.
    ops(SLEEP, 400, "/sleep/awake?force=yes", PROBLEM),
    Row(VISIT, 413, "/awake/x", method="POST", kind=JSON, body=b"x" * 7_000_000),
    Row(VISIT, 429, f"/{BUSY_STAGE}/awake/x", kind=JSON),
    Row(VISIT, 431, "/awake/x", kind=PROBLEM, more={f"x-{number}": "" for number in range(70)}),
    Row(VISIT, 500, "/awake/x", kind=PROBLEM, amid=misconfigured),
    Row(VISIT, 503, "/awake/x", kind=JSON, amid=Gateway.full),
    Row(VISIT, 504, "/awake/silent", kind=PROBLEM, amid=hurried),
    # What wait pages ask.
    Row("GET /.wakeproxy/status", 200, f"/.wakeproxy/status{ROOTED}", kind=JSON),
    Row(f"GET {OWN}/status", 200, "/asleep/.wakeproxy/status", kind=JSON),
    Row("GET /.wakeproxy/status", 404, "/.wakeproxy/status", kind=PROBLEM),
    post("/.wakeproxy/wake", 202, f"/.wakeproxy/wake{ROOTED}", kind=JSON),
    post(f"{OWN}/wake", 303, "/awake/.wakeproxy/wake", PAGE),
    post(f"{OWN}/wake", 403, "/awake/.wakeproxy/wake", FOREIGN, PROBLEM),
    post("/.wakeproxy/wake", 404, "/.wakeproxy/wake", kind=PROBLEM),
    post("/.wakeproxy/keep-awake", 202, f"/.wakeproxy/keep-awake{ROOTED}", kind=JSON),
    post(f"{OWN}/keep-awake", 403, "/awake/.wakeproxy/keep-awake", FOREIGN, PROBLEM),
    # Operators.
    ops("GET /status", 403, "/status", JSON),
    ops("GET /status", 200, "/status", JSON),
    ops(STATUS, 403, "/status/awake", JSON),
    ops(STATUS, 404, "/status/nobody", PROBLEM),
    ops(STATUS, 200, "/status/awake", JSON),
    ops(WAKE, 403, "/wake/awake", JSON),
    ops(WAKE, 404, "/wake/nobody", PROBLEM),
    ops(WAKE, 202, "/wake/waking", JSON),
    ops(WAKE, 503, "/wake/missing", JSON),
    ops(SLEEP, 403, "/sleep/awake", JSON),
    ops(SLEEP, 404, "/sleep/nobody", PROBLEM),
    ops(SLEEP, 409, "/sleep/waking", JSON),
    ops(SLEEP, 502, "/sleep/awake?force=1", PROBLEM, amid=denied),
    ops(SLEEP, 200, "/sleep/awake?force=1", JSON),
)


def route_of(row: Row) -> str:
    path = row.path.partition("?")[0].removeprefix(f"/{BUSY_STAGE}")
    match = match_route(KEYS, row.method, path)
    assert match
    return match.key


def resolve(told: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in told:
        return told
    found: Mapping[str, Any] = CONTRACT["components"]["responses"][told["$ref"].rpartition("/")[2]]
    return found


def described(row: Row) -> Mapping[str, Any]:
    responses = KEYS[route_of(row)]["responses"]
    return resolve(responses.get(str(row.status)) or responses["default"])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with run_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def ask(gateway: Gateway, row: Row) -> requests.Response:
    """Ask until the answer is the one that is waited for: services take a moment to wake and to fail."""
    until = time.monotonic() + PATIENCE
    fields = {**WHO[row.who], **row.more}
    with row.amid(gateway):
        while True:
            answer = gateway.ask(row.method, row.path, fields, is_signed=row.is_signed, body=row.body)
            if answer.status_code == row.status or time.monotonic() > until:
                return answer
            time.sleep(0.1)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.status} {row.method} {row.path} {row.who}")
def test_a_request_is_answered_as_described(gateway: Gateway, row: Row) -> None:
    answer = ask(gateway, row)

    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert answer.status_code == row.status, answer.text
    if not row.kind:
        assert answer.content == b""
        return
    assert kind == row.kind
    content = described(row)["content"]
    schema = (content.get(kind) or content["*/*"])["schema"]
    if kind.endswith("json"):
        OAS30Validator({**schema, "components": CONTRACT["components"]}).validate(answer.json())


def test_every_route_is_taken_by_a_request_of_the_table() -> None:
    assert [row.path for row in TABLE if route_of(row) != row.route] == []
    assert {row.route for row in TABLE} == set(KEYS)


def test_every_answer_that_is_described_is_seen() -> None:
    everywhere = {(status, told["$ref"]) for status, told in ANYWHERE.items()}
    told = {
        (family(operation), status, resolve(response)["description"])
        for operation in KEYS.values()
        for status, response in operation["responses"].items()
        if status != "default" and (status, response.get("$ref")) not in everywhere
    }
    seen = {(family(KEYS[route_of(row)]), str(row.status), described(row)["description"]) for row in TABLE}

    assert told - seen == set()
    assert {int(status) for status in ANYWHERE} <= {row.status for row in TABLE}


def family(operation: Mapping[str, Any]) -> str:
    """Name what an operation and others of the very same answers have in common."""
    return str(sorted(operation["responses"].items()))

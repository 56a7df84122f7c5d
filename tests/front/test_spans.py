"""Trace context: passed on as it came, or with a span of ours in between where spans are asked for."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.front.conftest import make_service
from tests.upstream.conftest import Door, open_door
from tests.upstream.wire import App, ask, dial, head, run_app
from wakeproxy.bootstrap import now
from wakeproxy.core.answers import Answer
from wakeproxy.core.observation import Endpoint
from wakeproxy.front.actions import Action, Carry
from wakeproxy.front.journal import Entry, Journal, Refusal
from wakeproxy.front.tracing import is_asked_for, trace
from wakeproxy.front.turn import Turn
from wakeproxy.wire.fields import Kind

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"traceparent: 00-{TRACE}-{CALLER}-01"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@dataclass
class Told:
    """What was logged and what was traced."""

    spans: Callable[[], list[Any]]
    entries: list[Entry | Refusal] = field(default_factory=list)

    def write(self, entry: Entry | Refusal) -> None:
        self.entries.append(entry)


def serve_as_shop(door: Door, app: App) -> None:
    """Have what the app answers be a service's."""

    def answer(turn: Turn) -> Action:
        turn.service, turn.answer = make_service("shop"), Answer.PROXY
        return Carry(Endpoint("task", app.host, app.port), "http")

    cast("Any", door.straight).answer = answer


@asynccontextmanager
async def traced(app: App) -> AsyncIterator[tuple[Door, Told]]:
    """Serve a door that tells of its requests."""
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415 - an extra

    from wakeproxy.front.spans import Spans  # noqa: PLC0415 - needs the extra

    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with open_door(app) as door:
        serve_as_shop(door, app)
        spans = Spans(provider, clock=now, uptime=asyncio.get_running_loop().time)
        told = Told(lambda: list(exporter.get_finished_spans()))
        door.front.tracing = spans
        door.front.journal = Journal(spans, told)
        yield door, told


async def test_without_spans_trace_context_passes_untouched() -> None:
    async with run_app() as app, open_door(app) as door:
        await ask(door.port, head("GET / HTTP/1.1", PARENT, "TraceState:  a=1, b=2 ", "tracestate: c=3"))

    assert [each for each in app.seen[0].fields if each[0].lower().startswith("trace")] == [
        ("traceparent", PARENT.partition(": ")[2]),
        ("TraceState", "a=1, b=2"),
        ("tracestate", "c=3"),
    ]


async def test_a_span_stands_between_the_caller_and_the_app() -> None:
    async with run_app() as app, traced(app) as (door, told):
        await ask(door.port, head("GET /a?b=secret HTTP/1.1", PARENT, "tracestate: a=1", "User-Agent: curl/8"))

    [span] = told.spans()
    assert (span.name, span.kind.name) == ("GET shop", "SERVER")
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == CALLER
    assert app.seen[0].all("traceparent") == [f"00-{TRACE}-{span.context.span_id:016x}-01"]
    assert app.seen[0].all("tracestate") == ["a=1"]
    wanted = {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.path": "/a",
        "url.scheme": "http",
        "client.address": "127.0.0.1",
        "user_agent.original": "curl/8",
        "wakeproxy.service": "shop",
        "wakeproxy.answer": "proxy",
        "wakeproxy.request_id": app.seen[0]["X-Request-Id"],
        "wakeproxy.upstream.port": app.port,
    }
    assert wanted.items() <= dict(span.attributes).items()
    assert "secret" not in str(span.attributes)
    assert span.status.status_code.name == "UNSET"
    assert 0 < span.end_time - span.start_time < 5e9


async def test_a_request_without_a_trace_begins_one_which_the_log_finds() -> None:
    async with run_app() as app, traced(app) as (door, told):
        await ask(door.port, head("BREW / HTTP/1.1"))

    [span], [entry] = told.spans(), told.entries
    assert (span.name, span.parent) == ("HTTP shop", None)
    assert isinstance(entry, Entry)
    assert app.seen[0]["traceparent"].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")
    assert entry.turn.read.value(Kind.TRACE) == app.seen[0]["traceparent"]


@pytest.mark.parametrize("forged", ["traceparent: nonsense", f"{PARENT}\r\n{PARENT}"])
async def test_a_trace_that_is_none_is_not_passed_on(forged: str) -> None:
    async with run_app() as app, traced(app) as (door, told):
        await ask(door.port, head("GET / HTTP/1.1", forged, "tracestate: a=1"))

    [span] = told.spans()
    assert f"{span.context.trace_id:032x}" != TRACE
    assert len(app.seen[0].all("traceparent")) == 1
    assert app.seen[0].all("tracestate") == []


async def test_what_fails_is_an_error_of_its_span() -> None:
    async with run_app() as app, traced(app) as (door, told):
        app.port = 1
        answer = await ask(door.port, head("GET / HTTP/1.1"))

    [span] = told.spans()
    assert answer.status == 502
    assert span.attributes["error.type"] == "502"
    assert span.status.status_code.name == "ERROR"


async def test_what_is_no_request_to_a_service_has_no_span() -> None:
    async with run_app() as app, traced(app) as (door, told), dial(door.port) as line:
        await line.say(b"NO SENSE\r\n\r\n")
        await line.hear()

    assert told.spans() == []
    assert len(told.entries) == 1


@pytest.mark.parametrize(
    ("environ", "is_asked"),
    [
        ({}, False),
        ({ENDPOINT: "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({ENDPOINT: ""}, False),
        ({ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({ENDPOINT: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_opentelemetrys_own_variables_ask_for_spans(environ: dict[str, str], is_asked: bool) -> None:  # noqa: FBT001 - a fact
    assert is_asked_for(environ) is is_asked


async def test_nobody_who_does_not_ask_gets_spans() -> None:
    async with trace({}, clock=now) as tracing:
        assert tracing is None


async def test_spans_reach_a_collector_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_app() as collector, run_app() as app, open_door(app) as door:
        serve_as_shop(door, app)
        endpoint = f"http://{collector.host}:{collector.port}"
        monkeypatch.setenv(ENDPOINT, endpoint)
        async with trace({ENDPOINT: endpoint}, clock=now) as tracing:
            assert tracing
            door.front.tracing, door.front.journal = tracing, Journal(tracing)
            await ask(door.port, head("GET / HTTP/1.1"))

    assert collector.seen[0].first_line == "POST /v1/traces HTTP/1.1"


async def test_who_asks_without_the_libraries_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)  # as if it were not installed

    async with trace({ENDPOINT: "http://127.0.0.1:4318"}, clock=now) as tracing:
        assert tracing is None

    assert "pip install 'wakeproxy[otel]'" in caplog.text

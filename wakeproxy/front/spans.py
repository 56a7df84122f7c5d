"""Spans: what happened to each routed request, told to OpenTelemetry. Imported only where `tracing` is asked for.

A span is a child of the caller's, and the parent of the app's: the ``traceparent`` that goes on names it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from wakeproxy.front.journal import LEFT, Entry, Refusal, answer_of
from wakeproxy.front.turn import Turn
from wakeproxy.wire.fields import Kind
from wakeproxy.wire.forwarding import Hop

_SERVER_ERROR: Final = 500
_KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
"""Of HTTP's semantic conventions; a span's name must not hold whatever a client made up."""
_STATE: Final = b"tracestate:"


class Spans:
    """Begins a span when a request is passed on; a `journal.Log` that ends it with what became of the request."""

    def __init__(self, provider: TracerProvider, *, clock: Callable[[], datetime], uptime: Callable[[], float]) -> None:
        self._tracer = provider.get_tracer("wakeproxy")
        self._propagator = TraceContextTextMapPropagator()
        self._clock = clock
        self._uptime = uptime
        self._open: dict[int, Span] = {}
        """By turn, for as long as it goes on."""

    def carry(self, turn: Turn, hop: Hop) -> None:
        """Begin the request's span, and name it in what goes on to the app."""
        if id(turn) in self._open:
            return
        span = self._open[id(turn)] = self._begin(turn, hop)
        told: dict[str, str] = {}
        self._propagator.inject(told, set_span_in_context(span))
        lines = [line for line in turn.read.lines if not _is_trace(line)]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in told.items()]
        read = turn.read = turn.read.with_lines(lines)
        if "traceparent" in told:
            read.found[Kind.TRACE] = told["traceparent"].encode()

    def write(self, entry: Entry | Refusal) -> None:
        """End the span of a request whose answer is over."""
        if isinstance(entry, Refusal):
            return
        turn = entry.turn
        span = self._open.pop(id(turn), None)
        if span is None:
            if turn.service is None or answer_of(turn) == "own":
                return
            span = self._begin(turn, entry.hop)
        _tell_end(span, turn)
        span.end(self._nanoseconds(turn.began_at + entry.seconds))

    def _begin(self, turn: Turn, hop: Hop) -> Span:
        read = turn.read
        told = {"traceparent": read.value(Kind.TRACE), "tracestate": _state_of(read.lines)}
        parent = self._propagator.extract({name: value for name, value in told.items() if value})
        method = turn.asked.visit.method
        name = method if method in _KNOWN_METHODS else "HTTP"
        return self._tracer.start_span(
            name if turn.service is None else f"{name} {turn.service.name}",
            parent,
            SpanKind.SERVER,
            attributes=_describe(turn, hop),
            start_time=self._nanoseconds(turn.began_at),
        )

    def _nanoseconds(self, at: float) -> int:
        """The loop's time as the wall's."""
        return int((self._clock().timestamp() - self._uptime() + at) * 1e9)


def _describe(turn: Turn, hop: Hop) -> dict[str, str | int]:
    """Attributes by OpenTelemetry's semantic conventions for HTTP servers; a query may hold secrets and stays here."""
    asked, read = turn.asked, turn.read
    method = asked.visit.method
    told: dict[str, str | int] = {
        "http.request.method": method if method in _KNOWN_METHODS else "_OTHER",
        "url.scheme": hop.scheme,
        "url.path": asked.visit.path,
        "server.address": asked.host,
        "server.port": read.port or hop.port,
        "client.address": hop.peer,
        "network.peer.address": hop.peer,
        "network.protocol.version": "1.0" if read.is_old else "1.1",
    }
    if Kind.AGENT in read.found:
        told["user_agent.original"] = read.value(Kind.AGENT)
    if turn.service is not None:
        told["wakeproxy.service"] = turn.service.name
    return told


def _tell_end(span: Span, turn: Turn) -> None:
    code = turn.code or LEFT
    span.set_attribute("wakeproxy.answer", answer_of(turn))
    span.set_attribute("wakeproxy.held", turn.is_held)
    span.set_attribute("http.response.status_code", code)
    if turn.request_id:
        span.set_attribute("wakeproxy.request_id", turn.request_id.decode("latin-1"))
    if turn.endpoint is not None:
        span.set_attribute("wakeproxy.upstream.address", turn.endpoint.host)
        span.set_attribute("wakeproxy.upstream.port", turn.endpoint.port)
    if code >= _SERVER_ERROR:
        span.set_attribute("error.type", str(code))
        span.set_status(StatusCode.ERROR)


def _is_trace(line: bytes) -> bool:
    return line.partition(b":")[0].lower() in {b"traceparent", b"tracestate"}


def _state_of(lines: list[bytes]) -> str:
    """The vendors' part of the context; it may be spread over several lines (W3C Trace Context, 3.3)."""
    values = [line.partition(b":")[2].strip(b" \t") for line in lines if line[: len(_STATE)].lower() == _STATE]
    return b",".join(values).decode("latin-1")

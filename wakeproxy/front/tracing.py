"""Tracing: spans for OpenTelemetry, where its own environment variables ask for them.

There is no key of ours for it, so that a front is set up like every other part of a trace. Where nobody asks, trace
context passes as it came and a request costs nothing more; OpenTelemetry is then not even imported.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from wakeproxy.front.journal import Entry, Refusal
from wakeproxy.front.turn import Turn
from wakeproxy.wire.forwarding import Hop

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

logger = logging.getLogger(__name__)

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_FLUSH_SECONDS: Final = 5.0


class Tracing(Protocol):
    """What is told of requests: when each is passed on, and, as a `journal.Log`, when each is over."""

    def carry(self, turn: Turn, hop: Hop) -> None:
        """Name a request's span in what goes on to the app."""

    def write(self, entry: Entry | Refusal) -> None:
        """End the span."""


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's variables ask for spans."""
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not is_off and any(environ.get(name) for name in _ENDPOINTS)


@asynccontextmanager
async def trace(environ: Mapping[str, str], *, clock: Callable[[], datetime]) -> AsyncIterator[Tracing | None]:
    """Tell of requests until the context ends; ``None`` where nobody asks, or the libraries are missing."""
    provider = _open_provider(environ) if is_asked_for(environ) else None
    if provider is None:
        yield None
        return
    from wakeproxy.front.spans import Spans  # noqa: PLC0415 - only where OpenTelemetry is installed

    try:
        yield Spans(provider, clock=clock, uptime=asyncio.get_running_loop().time)
    finally:
        await _close(provider)


def _open_provider(environ: Mapping[str, str]) -> "TracerProvider | None":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        logger.warning("no spans are told: %s is not installed; pip install 'wakeproxy[otel]'", error.name)
        return None
    named = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": "wakeproxy"}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


async def _close(provider: "TracerProvider") -> None:
    """Send what is left, for a while: a collector that does not answer must not keep us from ending."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def close() -> None:
        provider.shutdown()
        with suppress(RuntimeError):  # the loop did not wait for so long
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=close, name="last spans", daemon=True).start()
    try:
        async with asyncio.timeout(_FLUSH_SECONDS):
            await ended.wait()
    except TimeoutError:
        logger.warning("the last spans could not be sent in time")

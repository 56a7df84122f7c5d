"""Handling an event: from what the gateway hands over to the result it wants back, whatever happens in between."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from wakeproxy.pages.replies import Reply, Trouble, reply_problem, sign
from wakeproxy.pages.speech import Speech
from wakeproxy.serverless.events import Arrival, NoHttpEventError, Shape, read_event, recognise
from wakeproxy.serverless.metrics import measure_request, take_calls, take_deeds, write_line
from wakeproxy.serverless.operating import Operating
from wakeproxy.serverless.results import Given, give, write_result
from wakeproxy.serverless.visiting import Case, Visiting
from wakeproxy.wire.errors import BadMessageError

logger = logging.getLogger(__name__)

LONGEST_SECONDS: Final = 28.5
"""API Gateway gives up after 29 s (REST) or 30 s (HTTP APIs)."""
MARGIN_SECONDS: Final = 1.0
"""Left of the function's time, for the result to be written before AWS stops it."""


@dataclass(frozen=True, slots=True)
class Handling:
    """Answers every event with a result, and raises nothing."""

    visiting: Visiting
    operating: Operating
    speech: Speech
    most_fields: int
    clock: Callable[[], datetime]
    tell: Callable[[str], None]
    """Writes a line of metrics."""
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """To AWS, by service, operation and outcome."""

    async def handle(self, event: Any, *, seconds: float, request_id: str) -> Mapping[str, Any]:
        """Handle one event; ``seconds`` are left until the function is stopped."""
        began = asyncio.get_running_loop().time()
        try:
            shape = recognise(event)
        except NoHttpEventError as error:
            return write_result(give(refuse_event(error)), Shape.HTTP)
        answer, case = await self._answer(event, shape, seconds)
        given = answer if isinstance(answer, Given) else give(_sign(answer, request_id))
        self._measure(case, given.code, asyncio.get_running_loop().time() - began)
        return write_result(given, shape)

    async def _answer(
        self, event: Mapping[str, Any], shape: Shape, seconds: float
    ) -> tuple[Given | Reply, Case | None]:
        left = min(max(seconds - MARGIN_SECONDS, 0.0), LONGEST_SECONDS)
        try:
            arrival = read_event(event, shape, most_fields=self.most_fields)
            async with asyncio.timeout(left + MARGIN_SECONDS / 2):
                answer, case = await self._answer_arrival(arrival, left)
        except BadMessageError as error:
            return self.speech.refuse(error), None
        except TimeoutError:
            return _LATE, None
        except Exception:
            logger.exception("a defect: an event could not be answered")
            return self.speech.own_defect(), None
        return (replace(answer, body=b"") if arrival.read.method == b"HEAD" else answer), case

    async def _answer_arrival(self, arrival: Arrival, seconds: float) -> tuple[Given | Reply, Case | None]:
        order = self.operating.find(arrival)
        if order is not None:
            return await self.operating.answer(order, arrival, seconds=seconds), None
        return await self.visiting.answer(arrival, seconds=seconds)

    def _measure(self, case: Case | None, code: int, seconds: float) -> None:
        service = case.service.name if case else ""
        answer = case.answer if case and case.answer else "own"
        done = (*take_deeds(self.visiting.looker.deeds), *take_calls(self.calls))
        for measured in (measure_request(service, answer, code, seconds), *done):
            self.tell(write_line(measured, self.clock()))


def refuse_event(error: Exception, code: int = HTTPStatus.BAD_REQUEST) -> Reply:
    """Say what is wrong with an event, or with the function that it came to."""
    return reply_problem(Trouble(code, HTTPStatus(code).phrase, str(error)), fields=(), extra={})


_LATE: Final = reply_problem(
    Trouble(
        HTTPStatus.GATEWAY_TIMEOUT,
        "It took too long",
        "The request could not be answered in the time that a Lambda has.",
        "Try again; give the function 30 s if it has less.",
        retry_after=5,
    ),
    fields=(),
    extra={},
)


def _sign(reply: Reply, request_id: str) -> Reply:
    """Name the request in an error, so that whoever reads it finds it in the logs."""
    if reply.code < HTTPStatus.BAD_REQUEST or reply.is_expected or not request_id:
        return reply
    return sign(reply, request_id.encode("latin-1", "replace"))

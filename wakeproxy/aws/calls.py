"""What every call to AWS goes through, whoever makes it: it waits for its turn, and it is counted.

It hangs on the client library's own events, so that no call can be made around it.
"""

from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from wakeproxy.aws.faults import DENIED, THROTTLED
from wakeproxy.aws.pace import Pace

_AS_ASKED = frozenset({"ConditionalCheckFailedException"})
"""Errors by name that are answers all the same: somebody else was first, which was the question."""


class Calls:
    """Counts the calls of the clients that it watches."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """By service, operation and outcome: ``ok``, ``throttled``, ``denied``, ``error``, ``unanswered``."""

    def watch(self, client: Any) -> None:
        """Let every call of a client go through here."""
        events = client.meta.events
        events.register("before-call", self._admit)
        events.register("after-call", self._note)
        events.register("after-call-error", self._note_silence)

    async def _admit(self, event_name: str, **_: Any) -> None:
        await self.pace.admit(*_named(event_name))

    def _note(self, event_name: str, parsed: Mapping[str, Any], **_: Any) -> None:
        api, operation = _named(event_name)
        outcome = _outcome(parsed)
        self.counts[api, operation, outcome] += 1
        if outcome == "throttled":
            self.pace.slow(api, operation)

    def _note_silence(self, event_name: str, **_: Any) -> None:
        self.counts[(*_named(event_name), "unanswered")] += 1


def _named(event_name: str) -> tuple[str, str]:
    """Read ``before-call.ecs.DescribeServices``."""
    _, api, operation = event_name.split(".")
    return api, operation


def _outcome(parsed: Mapping[str, Any]) -> str:
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = parsed.get("Error", {}).get("Code", "")
    if code in THROTTLED:
        return "throttled"
    if code in DENIED:
        return "denied"
    return "ok" if status == HTTPStatus.OK or code in _AS_ASKED else "error"

"""What every call to AWS goes through, whoever makes it: it waits for its turn, and it is counted.

It hangs on the client library's own events, so that no call can be made around it; the clients of `signed` have one
place each where they call.
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
        """Let every call of the client library's client go through here."""
        events = client.meta.events
        events.register("before-call", self._hear_before)
        events.register("after-call", self._hear_after)
        events.register("after-call-error", self._hear_silence)

    def note(self, api: str, operation: str, parsed: Mapping[str, Any]) -> None:
        """Count a call by its answer: ``ResponseMetadata``, and ``Error`` where it is one."""
        outcome = _outcome(parsed)
        self.counts[api, operation, outcome] += 1
        if outcome == "throttled":
            self.pace.slow(api, operation)

    def note_silence(self, api: str, operation: str) -> None:
        """Count a call that got no answer."""
        self.counts[api, operation, "unanswered"] += 1

    async def _hear_before(self, event_name: str, **_: Any) -> None:
        await self.pace.admit(*_named(event_name))

    def _hear_after(self, event_name: str, parsed: Mapping[str, Any], **_: Any) -> None:
        self.note(*_named(event_name), parsed)

    def _hear_silence(self, event_name: str, **_: Any) -> None:
        self.note_silence(*_named(event_name))


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

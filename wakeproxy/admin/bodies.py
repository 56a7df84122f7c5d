"""What the admin listener reads and writes besides services: a wish to keep one awake, a sweep's decisions."""

import json
from datetime import datetime
from typing import Any

from wakeproxy.errors import UsageError
from wakeproxy.settings.findings import quote
from wakeproxy.settings.keeping import parse_instant, parse_span

_KEEPING = 'send {"for": "2h"}, {"until": "2026-12-01T18:00+01:00"} or {"clear": true}.'


def read_keeping(body: bytes, now: datetime) -> datetime | None:
    """Read until when a service shall be kept awake; ``None`` for no longer than its use does.

    Raises:
        UsageError: the body says nothing, or more than one thing.
    """
    match _read_object(body):
        case {"for": str(span), **rest} if not rest:
            return parse_span(span, now)
        case {"until": str(instant), **rest} if not rest:
            return parse_instant(instant, now)
        case {"clear": True, **rest} if not rest:
            return None
        case wish:
            raise UsageError(f"{quote(json.dumps(wish))} does not say how long; {_KEEPING}")


def _read_object(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise UsageError(f"The body is no JSON; {_KEEPING}") from None

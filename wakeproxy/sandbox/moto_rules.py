"""Takes EventBridge's events from moto's rules to functions, where moto raises an error.

moto's rules are the process's, and so is this hand on them: the sandbox that began last takes the events.
"""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from wakeproxy.sandbox.moto_host import Moto

Json = dict[str, Any]
Deliver = Callable[[str, str, bytes], None]
"""Takes an event to a function: the rule's ARN, the function's ARN, the event."""

_takers: list[tuple[Moto, Deliver]] = []
_PATCHED = "wakeproxy_sends"


def take_events(moto: Moto, deliver: Deliver) -> None:
    """Have events for functions delivered from now on."""
    _takers.append((moto, deliver))
    models = moto.load("moto.events.models")
    if hasattr(models.Rule, _PATCHED):
        return
    original = models.Rule.send_to_targets

    def send_to_targets(rule: Any, event: Json, transform_input: bool = True) -> None:  # noqa: FBT001, FBT002 - moto's own
        """Send an event that matches to functions by our way, to all other targets by moto's."""
        if rule.state == "DISABLED" or not rule.event_pattern.get_pattern():  # moto takes no pattern for any pattern
            return
        if not rule.event_pattern.matches_event(event):
            return
        functions = [target for target in rule.targets if ":lambda:" in target["Arn"]]
        for target in functions if _takers else ():
            taker, give = _takers[-1]
            give(rule.arn, target["Arn"], input_of(taker, target, _as_sent(event)))
        rest = copy.copy(rule)
        rest.targets = [target for target in rule.targets if target not in functions]
        original(rest, event, transform_input)

    models.Rule.send_to_targets = send_to_targets
    setattr(models.Rule, _PATCHED, True)


def leave_events(moto: Moto) -> None:
    """Deliver nothing any more on behalf of a sandbox."""
    _takers[:] = [taker for taker in _takers if taker[0] is not moto]


def input_of(moto: Moto, target: Json, event: Json) -> bytes:
    """Make what a target gets of an event: a constant, a part, a template filled in, or all of it."""
    if target.get("Input"):
        return str(target["Input"]).encode()
    if target.get("InputPath"):
        found = moto.load("jsonpath_ng").parse(target["InputPath"]).find(event)
        return json.dumps(found[0].value if found else None).encode()
    if template := target.get("InputTransformer"):
        parser = moto.load("moto.events.utils").EventTemplateParser
        told = {"ingestion-time": event.get("time", ""), **event}
        filled = parser.parse(template["InputTemplate"], template.get("InputPathsMap") or {}, told)
        return json.dumps(filled).encode()
    return json.dumps(event).encode()


def _as_sent(event: Json) -> Json:
    """Spell moto's event as EventBridge sends it."""
    sent = {key: value for key, value in event.items() if key != "ingestion-time"}
    if isinstance(sent.get("time"), int | float):
        sent["time"] = f"{datetime.fromtimestamp(sent['time'], UTC):%Y-%m-%dT%H:%M:%SZ}"
    return sent

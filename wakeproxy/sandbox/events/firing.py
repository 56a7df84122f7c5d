"""EventBridge as a whole: schedules that fire when they are due or when told to, events that reach functions."""

import json
import logging
from collections.abc import Callable
from typing import Any

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.errors import SandboxError
from wakeproxy.sandbox.events.expression import parse_expression, zone_of
from wakeproxy.sandbox.events.plan import RULES, Delivery, Plan, read_deliveries, read_plans
from wakeproxy.sandbox.events.schedules import Schedules
from wakeproxy.sandbox.lambdas.function import region_of
from wakeproxy.sandbox.lambdas.invoking import Ground, Lambdas
from wakeproxy.sandbox.lambdas.policy import Caller, is_permitted
from wakeproxy.sandbox.model.failure import AwsError
from wakeproxy.sandbox.moto_rules import leave_events, take_events

Json = dict[str, Any]

CHANGES = {"events", "scheduler", "cloudformation"}
"""Services, as signatures name them, that may change what is scheduled."""

_log = logging.getLogger(__name__)


def check_schedule(body: bytes) -> None:
    """Check the schedule that a call brings, if it brings one: moto takes any.

    Raises:
        AwsError: ValidationException.

    """
    try:
        given = json.loads(body)
    except ValueError:
        return
    if isinstance(given, dict) and (expression := given.get("ScheduleExpression")):
        try:
            parse_expression(expression, zone_of(given.get("ScheduleExpressionTimezone") or "UTC"))
        except ValueError as error:
            raise AwsError("ValidationException", f"Parameter ScheduleExpression is not valid. {error}") from error


class EventBridge:
    """Takes events to functions."""

    def __init__(self, ground: Ground, lambdas: Lambdas) -> None:
        self._moto, self._lambdas = ground.moto, lambdas
        self._schedules = Schedules(ground.timeline, ground.timings.schedule_pace, self._run, self._forget)
        self._is_listening = False

    def close(self) -> None:
        """Deliver nothing any more."""
        leave_events(self._moto)

    def prepare(self) -> None:
        """Be ready for a call that may make the first rule."""
        if not self._is_listening:
            self._is_listening = True
            take_events(self._moto, self._deliver)

    def look(self, region: str) -> None:
        """Look again at what is scheduled in a Region: a call may have changed it."""
        self._schedules.look(region, read_plans(self._moto, region))

    def fire(self, region: str, name: str) -> list[Json]:
        """Fire a rule or a schedule now, and wait for its functions: each one's ARN, answer and type of error.

        Raises:
            SandboxError: there is none of this name.

        """
        plans = read_plans(self._moto, region).values()
        found = [plan for plan in plans if plan.name == name]
        if not found:
            known = ", ".join(sorted(plan.name for plan in plans)) or "none"
            raise SandboxError(f"There is no schedule {name!r} in {region}; there are: {known}.")
        return [self._ask(each) for plan in found for each in read_deliveries(self._moto, plan, epoch())]

    def _ask(self, delivery: Delivery) -> Json:
        function = self._lambdas.read(region_of(delivery.function), delivery.function)
        if delivery.caller is not None and not is_permitted(function, delivery.caller):
            return {"function": delivery.function, "error": "AccessDeniedException", "answer": None}
        outcome = self._lambdas.invoke(function, delivery.event)
        return {"function": delivery.function, "error": outcome.error, "answer": json.loads(outcome.payload)}

    def _run(self, plan: Plan, finished: Callable[[], None]) -> int:
        deliveries = read_deliveries(self._moto, plan, epoch())
        return sum(self._send(delivery, finished) for delivery in deliveries)

    def _forget(self, plan: Plan) -> None:
        """Delete a schedule that was to be deleted after its last time."""
        group = self._moto.backend("scheduler", plan.region).schedule_groups.get(plan.group)
        if group is not None:
            group.schedules.pop(plan.name, None)

    def _deliver(self, rule: str, function: str, event: bytes) -> None:
        self._send(Delivery(function, event, Caller(principal=RULES, source_arn=rule)), lambda: None)

    def _send(self, delivery: Delivery, finished: Callable[[], None]) -> bool:
        """Have an event run, if it may; whether it does. EventBridge tells nobody of what it cannot deliver."""
        try:
            region = region_of(delivery.function)
            function = self._lambdas.read(region, delivery.function)
        except (AwsError, ValueError) as error:
            _log.warning("an event could not be delivered: %s", error)
            return False
        if delivery.caller is not None and not is_permitted(function, delivery.caller):
            told = (delivery.caller.principal, delivery.caller.source_arn, function.name)
            _log.warning("%s may not invoke for %s: the function %s has no permission for it", *told)
            return False
        self._lambdas.invoke_later(region, delivery.function, delivery.event, finished)
        return True

"""When schedules are due: a timer for each, on a clock that runs faster than the world's where timings say so.

All of it lives on the timeline. What a schedule does is read when it is due, not before.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from wakeproxy.sandbox.clock import epoch
from wakeproxy.sandbox.events.expression import parse_expression, zone_of
from wakeproxy.sandbox.events.plan import Plan
from wakeproxy.sandbox.guarded import run_guarded
from wakeproxy.sandbox.timeline import Timeline, Timer

Fire = Callable[[Plan, Callable[[], None]], int]
"""Does what a plan does, and calls back for each function that is done with it; returns how many there are."""


class Schedules:
    """Timers of everything that is scheduled."""

    def __init__(self, timeline: Timeline, pace: float, fire: Fire, forget: Callable[[Plan], None]) -> None:
        """Begin with none; `forget` is told of a plan that is done with and wants to be deleted."""
        self._timeline, self._pace, self._fire, self._forget = timeline, pace, fire, forget
        self._armed: dict[str, tuple[Plan, Timer | None]] = {}
        self._running: Counter[str] = Counter()
        self._began = (epoch(), timeline.now())

    def look(self, region: str, plans: dict[str, Plan]) -> None:
        """Hear what is scheduled in a Region now; from any thread."""
        self._timeline.post(lambda: self._look(region, plans))

    def _look(self, region: str, plans: dict[str, Plan]) -> None:
        for arn, (plan, timer) in list(self._armed.items()):
            if plan.region == region and plans.get(arn) != plan:
                if timer is not None:
                    timer.cancel()
                del self._armed[arn]
        for plan in plans.values():
            if plan.arn not in self._armed and plan.is_enabled:
                run_guarded(partial(self._arm, plan))

    def _arm(self, plan: Plan, last: datetime | None = None) -> None:
        now = self._now().astimezone(zone_of(plan.zone))
        due = next_due(plan, now if last is None else max(last, now))
        timer = None
        if due is not None:
            seconds = (due.timestamp() - now.timestamp()) * self._pace
            timer = self._timeline.after(max(0.0, seconds), partial(self._run, plan, due))
        elif plan.vanishes and last is not None:
            self._forget(plan)
        self._armed[plan.arn] = (plan, timer)

    def _run(self, plan: Plan, due: datetime) -> None:
        """Fire, unless the last firing still runs: on a faster clock, functions take longer than they would."""
        if not self._running[plan.arn] or self._pace >= 1:
            self._running[plan.arn] += self._fire(plan, lambda: self._timeline.post(partial(self._done, plan.arn)))
        self._arm(plan, due)

    def _done(self, arn: str) -> None:
        self._running[arn] -= 1

    def _now(self) -> datetime:
        began, since = self._began
        return datetime.fromtimestamp(began + (self._timeline.now() - since) / self._pace, UTC)


def next_due(plan: Plan, after: datetime) -> datetime | None:
    """Tell when a plan is due first after an instant, which is in its zone; `None` for never."""
    if plan.begins is not None and plan.begins > after.timestamp():
        after = datetime.fromtimestamp(plan.begins, after.tzinfo)
    due = parse_expression(plan.expression, zone_of(plan.zone)).next_after(after)
    return None if due is None or (plan.ends is not None and due.timestamp() > plan.ends) else due

"""What is scheduled: rules with a schedule and schedules of EventBridge Scheduler, read out of what moto keeps."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wakeproxy.sandbox.lambdas.policy import Caller
from wakeproxy.sandbox.model.arns import ACCOUNT, new_uuid
from wakeproxy.sandbox.moto_host import Moto
from wakeproxy.sandbox.moto_rules import input_of

Json = dict[str, Any]

RULES = "events.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A rule or a schedule that is due now and then."""

    arn: str
    name: str
    region: str
    expression: str
    zone: str
    is_enabled: bool
    begins: float | None = None
    """Seconds since 1970, as `ends`."""
    ends: float | None = None
    group: str = ""
    """Of a schedule; empty for a rule."""
    vanishes: bool = False
    """Whether it is deleted when nothing is left to do (ActionAfterCompletion)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a function."""

    function: str
    """Its ARN."""
    event: bytes
    caller: Caller | None
    """Whom the function's policy must let in; `None` when a role of the account invokes it."""


def read_plans(moto: Moto, region: str) -> dict[str, Plan]:
    """Read all that is scheduled in a Region, by ARN."""
    return {plan.arn: plan for plan in (*_rules(moto, region), *_schedules(moto, region))}


def read_deliveries(moto: Moto, plan: Plan, now: float) -> list[Delivery]:
    """Read what a plan does when it is due: an event for each of its functions as it has them now."""
    at = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return _of_schedule(moto, plan, at) if plan.group else _of_rule(moto, plan, at)


def _rules(moto: Moto, region: str) -> Iterator[Plan]:
    if region not in moto.regions("events"):
        return
    for bus in list(moto.backend("events", region).event_buses.values()):
        for rule in list(bus.rules.values()):
            if rule.scheduled_expression:
                yield Plan(
                    arn=rule.arn,
                    name=rule.name,
                    region=region,
                    expression=rule.scheduled_expression,
                    zone="UTC",
                    is_enabled=rule.state != "DISABLED",
                )


def _schedules(moto: Moto, region: str) -> Iterator[Plan]:
    if region not in moto.regions("scheduler"):
        return
    for group in list(moto.backend("scheduler", region).schedule_groups.values()):
        for schedule in list(group.schedules.values()):
            yield Plan(
                arn=schedule.arn,
                name=schedule.name,
                region=region,
                expression=schedule.schedule_expression,
                zone=schedule.schedule_expression_timezone,
                is_enabled=schedule.state != "DISABLED",
                begins=schedule.start_date and float(schedule.start_date),
                ends=schedule.end_date and float(schedule.end_date),
                group=group.name,
                vanishes=schedule.action_after_completion == "DELETE",
            )


def _of_rule(moto: Moto, plan: Plan, at: str) -> list[Delivery]:
    event: Json = {
        "version": "0",
        "id": new_uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": at,
        "region": plan.region,
        "resources": [plan.arn],
        "detail": {},
    }
    backend = moto.backend("events", plan.region)
    rules = [bus.rules.get(plan.name) for bus in list(backend.event_buses.values())]
    targets = [target for rule in rules if rule and rule.arn == plan.arn for target in list(rule.targets)]
    caller = Caller(principal=RULES, source_arn=plan.arn)
    functions = [target for target in targets if is_function(target["Arn"])]
    return [Delivery(target["Arn"], input_of(moto, target, event), caller) for target in functions]


def _of_schedule(moto: Moto, plan: Plan, at: str) -> list[Delivery]:
    group = moto.backend("scheduler", plan.region).schedule_groups.get(plan.group)
    schedule = group.schedules.get(plan.name) if group else None
    if schedule is None or not is_function(schedule.target["Arn"]):
        return []
    if not _trusts(moto, schedule.target.get("RoleArn", ""), SCHEDULER):
        return []
    execution = new_uuid()
    unsaid = {
        "version": "0",
        "id": execution,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": at,
        "region": plan.region,
        "resources": [plan.arn],
        "detail": "{}",
    }
    words = {"schedule-arn": plan.arn, "scheduled-time": at, "execution-id": execution, "attempt-number": "1"}
    text = schedule.target.get("Input") or json.dumps(unsaid)
    for word, meaning in words.items():
        text = text.replace(f"<aws.scheduler.{word}>", meaning)
    return [Delivery(schedule.target["Arn"], text.encode(), None)]


def is_function(arn: str) -> bool:
    """Whether a target is a Lambda function."""
    return ":lambda:" in arn and ":function:" in arn


def _trusts(moto: Moto, role: str, service: str) -> bool:
    """Whether a role lets a service take it on."""
    roles = list(moto.backend("iam", "aws").roles.values())
    return any(each.arn == role and service in str(each.assume_role_policy_document) for each in roles)

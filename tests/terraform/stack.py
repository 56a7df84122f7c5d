"""A configuration of everything, in Terraform's JSON: a demo's root, and the module iam once for each case.

Beside it stands what others call functions by: a URL, and a schedule of EventBridge Scheduler.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeproxy.core.iam import Role

ACCOUNT = "123456789012"
REGION = "eu-central-1"


@dataclass(frozen=True)
class Case:
    """What one policy is for: as wakeproxy's config says it, and as the module's variables do."""

    config: Mapping[str, Any]
    variables: Mapping[str, Any]
    arguments: tuple[str, ...] = ()
    """Of `wakeproxy iam` besides."""
    roles: tuple[Role, ...] = tuple(Role)


WEEKEND = "weekend"
"""A schedule that is not ours."""


def _service(**keys: Any) -> Mapping[str, Any]:
    return {"hosts": [f"{keys.get('ecs', 'x').replace('/', '.')}.example.com"], **keys}


PASSED = f"arn:aws:iam::{ACCOUNT}:role/shop-task"
CASES: Mapping[str, Case] = {
    "least": Case({"services": {"shop": _service(ecs="apps/shop")}}, {"services": ["apps/shop"]}, roles=(Role.FRONT,)),
    "most": Case(
        {
            "ledger": "dynamodb://wakeproxy",
            "services": {
                "shop": _service(ecs="apps/shop", address="public", signals={"cpu_above": 20, "requests": True}),
                "api": _service(ecs="apps/api", signals={"logs": True}),
                "other": _service(ecs="other/shop"),
            },
        },
        {
            "services": ["other/shop", "apps/shop", "apps/api"],
            "ledger_table": "wakeproxy",
            "has_public_addresses": True,
            "signals": ["cpu", "requests", "logs"],
            "families": ["shop-worker"],
            "passed_role_arns": [PASSED],
            "log_group_names": ["/ecs/shop", "/ecs/api"],
            "prunes": True,
        },
        (
            *("--family", "shop-worker", "--pass-role", PASSED, "--prune"),
            *("--log-group", "/ecs/shop", "--log-group", "/ecs/api"),
        ),
    ),
    "found": Case(
        {"discover": True, "ledger": "dynamodb://wakeproxy"},
        {"discover_clusters": [], "ledger_table": "wakeproxy", "families": ["shop"]},
        ("--family", "shop"),
        roles=(Role.SLEEP, Role.DEPLOY),
    ),
    "both": Case(
        {"discover": {"clusters": ["team-*", "apps"]}, "services": {"shop": _service(ecs="zoo/shop")}},
        {"discover_clusters": ["team-*", "apps"], "services": ["zoo/shop"]},
        roles=(Role.WAKE,),
    ),
}


def _write_callers() -> Mapping[str, Any]:
    function = "${module.wakeproxy.sweep_function}"
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    trusted = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    schedule = {
        "name": WEEKEND,
        "schedule_expression": "cron(0 20 ? * FRI *)",
        "schedule_expression_timezone": "Europe/Berlin",
        "flexible_time_window": {"mode": "OFF"},
        "target": {"arn": arn, "role_arn": "${aws_iam_role.scheduler.arn}", "input": "{}"},
    }
    policy = {"name": "scheduler", "role": "${aws_iam_role.scheduler.id}", "policy": _spell(allowed)}
    return {
        "aws_lambda_function_url": {"sweep": {"function_name": function, "authorization_type": "AWS_IAM"}},
        "aws_iam_role": {"scheduler": {"name": "scheduler", "assume_role_policy": _spell(trusted)}},
        "aws_iam_role_policy": {"scheduler": policy},
        "aws_scheduler_schedule": {WEEKEND: schedule},
    }


def _spell(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def write_stack() -> Mapping[str, Any]:
    """Write the whole of it: a service with variables for its settings, and one that is found by its tags."""
    policies = {
        f"{name}_{role}": {"source": "../../modules/iam", "role": str(role), "name": name, **case.variables}
        for name, case in CASES.items()
        for role in case.roles
    }
    shop = {
        "image": "wakeproxy/hello",
        "settings": {
            "idle_after": "5m",
            "min_awake": "1s",
            "ready.path": "/healthz",
            "signals.logs": "true",
            "awake_hours": "[]",
        },
    }
    wakeproxy = {"source": "../..", "services": {"shop": shop}, "github_repository": "octo/shop"}
    api = {
        "source": "../../modules/service",
        "name": "api",
        "image": "wakeproxy/hello",
        "cluster": "${module.wakeproxy.cluster}",
        "vpc_id": "${module.wakeproxy.vpc_id}",
        "subnet_ids": "${module.wakeproxy.subnet_ids}",
        "settings": {
            "enable": "true",
            "hosts": "api.example.com _.api.example.com",
            "ready.path": "/healthz",
            "awake_hours": "Mon-Fri 08:00-18:00 Europe/Berlin",
        },
        "tags": {"part-of": "wakeproxy"},
    }
    outputs = {name: {"value": f"${{module.{name}.policy}}"} for name in policies}
    return {
        "module": {"wakeproxy": wakeproxy, "api": api, **policies},
        "resource": _write_callers(),
        "output": {"wakeproxy": {"value": "${module.wakeproxy}"}, **outputs},
    }

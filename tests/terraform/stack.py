"""A configuration of everything, in Terraform's JSON: a demo's root, and the module iam once for each case."""

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
        },
        ("--family", "shop-worker", "--pass-role", PASSED),
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
        "output": {"wakeproxy": {"value": "${module.wakeproxy}"}, **outputs},
    }

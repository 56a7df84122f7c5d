"""Policies: what each role may do, and that it may do no more than it must."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.core.build import a_service
from wakeproxy.core.iam import Account, Found, Role, Scope, build_policy, scope_of
from wakeproxy.core.service import Address, EcsService, IdlePolicy
from wakeproxy.core.signals import Signal, SignalPolicy
from wakeproxy.errors import UsageError

HERE = Account("123456789012", "eu-central-1")
ECS = "arn:aws:ecs:eu-central-1:123456789012"
SHOP = Scope((EcsService("apps", "shop"),), families=("shop",))
TAGGED = Found(("team-*",), {"wakeproxy:enable": ("true", "yes"), "sablier.enable": ("true",)})
EVERYTHING = replace(
    SHOP,
    found=TAGGED,
    table="ledger",
    has_public=True,
    signals=frozenset(Signal),
    passed_roles=("arn:role",),
    log_groups=("/ecs/shop",),
    is_pruned=True,
)


def statements(role: Role, scope: Scope, account: Account = HERE) -> Mapping[str, Mapping[str, Any]]:
    found = build_policy(role, scope, account)["Statement"]
    by_sid = {one["Sid"]: one for one in found}
    assert len(by_sid) == len(found)
    return by_sid


def actions(role: Role, scope: Scope) -> set[str]:
    return {action for one in statements(role, scope).values() for action in one["Action"]}


@pytest.mark.parametrize("role", Role)
def test_a_service_is_scaled_by_its_own_arn_in_its_own_cluster_and_no_other(role: Role) -> None:
    assert statements(role, SHOP)["Services"] == {
        "Sid": "Services",
        "Effect": "Allow",
        "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
        "Resource": [f"{ECS}:service/apps/shop"],
        "Condition": {"ArnEquals": {"ecs:cluster": [f"{ECS}:cluster/apps"]}},
    }


@pytest.mark.parametrize("role", Role)
def test_what_can_be_narrowed_is_narrowed(role: Role) -> None:
    unbounded = {
        action for one in statements(role, EVERYTHING).values() if one["Resource"] == ["*"] for action in one["Action"]
    }

    assert unbounded <= {
        "application-autoscaling:DescribeScalableTargets",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "ec2:DescribeNetworkInterfaces",
        "ecr:DescribePullThroughCacheRules",
        "ecs:DeregisterTaskDefinition",
        "ecs:DescribeTaskDefinition",
        "ecs:ListClusters",
        "ecs:ListServices",
        "ecs:ListTaskDefinitions",
        "ecs:ListTasks",
        "ssm:DescribeParameters",
        "tag:GetResources",
    }


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("scope", [SHOP, EVERYTHING, replace(EVERYTHING, services=())])
def test_every_call_to_ecs_that_knows_its_cluster_is_bound_to_it(role: Role, scope: Scope) -> None:
    told = statements(role, scope)
    bound = [told[sid] for sid in ("Services", "FoundServices", "ListTasks", "Tasks", "RunTasks") if sid in told]

    assert len(bound) >= 3
    assert all(one["Condition"]["ArnEquals"]["ecs:cluster"] for one in bound)


def test_nothing_is_allowed_that_this_config_does_not_need() -> None:
    assert actions(Role.FRONT, SHOP) == {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:RegisterScalableTarget",
        "ecs:DescribeServices",
        "ecs:DescribeTasks",
        "ecs:GetTaskProtection",
        "ecs:ListTasks",
        "ecs:UpdateService",
    }


def test_a_sweep_dials_nobody_and_keeps_no_history_of_wakes() -> None:
    assert actions(Role.FRONT, EVERYTHING) - actions(Role.SLEEP, EVERYTHING) == {
        "dynamodb:PutItem",
        "dynamodb:Query",
        "ec2:DescribeNetworkInterfaces",
    }


def test_a_rollout_may_register_revisions_of_its_families_and_pass_the_roles_that_are_named() -> None:
    told = statements(Role.DEPLOY, EVERYTHING)

    assert told["Register"]["Resource"] == [f"{ECS}:task-definition/shop:*"]
    assert told["TagRevisions"]["Condition"] == {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
    assert told["RunTasks"]["Resource"] == [f"{ECS}:task-definition/shop:*"]
    assert told["PassRoles"]["Resource"] == told["LookUpRoles"]["Resource"] == ["arn:role"]
    assert not {"PassRoles", "LookUpRoles"} & statements(Role.DEPLOY, SHOP).keys()
    assert "Register" not in statements(Role.FRONT, EVERYTHING)


def test_a_rollout_looks_up_what_revisions_name_and_reads_no_value() -> None:
    assert actions(Role.DEPLOY, SHOP) - actions(Role.WAKE, SHOP) == {
        "ecr:DescribeImages",
        "ecr:DescribePullThroughCacheRules",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitions",
        "ecs:RegisterTaskDefinition",
        "ecs:RunTask",
        "ecs:TagResource",
        "logs:DescribeLogGroups",
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
    }


def test_a_rollout_follows_only_the_log_groups_that_are_named() -> None:
    assert statements(Role.DEPLOY, EVERYTHING)["FollowLogs"]["Resource"] == [
        "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/shop:log-stream:*"
    ]


def test_a_rollout_that_prunes_sees_what_is_in_use_in_every_cluster() -> None:
    assert actions(Role.DEPLOY, replace(SHOP, is_pruned=True)) - actions(Role.DEPLOY, SHOP) == {
        "ecs:DeregisterTaskDefinition",
        "ecs:ListClusters",
        "ecs:ListServices",
    }
    told = statements(Role.DEPLOY, EVERYTHING)
    assert told["FindInUse"]["Resource"] == [f"{ECS}:service/*", f"{ECS}:task/*"]
    assert "ecs:ListTasks" in told["Prune"]["Action"]


def test_services_found_by_tags_are_scaled_only_where_a_tag_opts_them_in() -> None:
    told = statements(Role.SLEEP, replace(SHOP, services=(), found=TAGGED))

    assert "Services" not in told
    assert told["FoundServices"]["Action"] == ["ecs:DescribeServices"]
    assert told["WakeproxyEnable"] == {
        "Sid": "WakeproxyEnable",
        "Effect": "Allow",
        "Action": ["ecs:UpdateService"],
        "Resource": [f"{ECS}:service/team-*/*"],
        "Condition": {
            "ArnEquals": {"ecs:cluster": [f"{ECS}:cluster/team-*"]},
            "StringEqualsIgnoreCase": {"aws:ResourceTag/wakeproxy:enable": ["true", "yes"]},
        },
    }
    assert told["SablierEnable"]["Condition"]["StringEqualsIgnoreCase"] == {"aws:ResourceTag/sablier.enable": ["true"]}


def test_the_ledger_is_one_table() -> None:
    assert statements(Role.WAKE, EVERYTHING)["Ledger"]["Resource"] == [
        "arn:aws:dynamodb:eu-central-1:123456789012:table/ledger"
    ]


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", "aws"),
        ("ap-southeast-5", "aws"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_a_region_belongs_to_its_partition(region: str, partition: str) -> None:
    assert (
        Account("123456789012", region).arn("ecs", "cluster/x")
        == f"arn:{partition}:ecs:{region}:123456789012:cluster/x"
    )


def test_the_scope_is_what_the_services_want() -> None:
    policy = IdlePolicy(signals=SignalPolicy(cpu_above=20, requests=True))
    services = [
        a_service(),
        a_service(ecs=EcsService("apps", "api"), address=Address.PUBLIC, idle=policy),
        a_service(ecs=EcsService("other", "shop")),
    ]

    assert scope_of(services, found=None, table="ledger") == Scope(
        services=(EcsService("apps", "api"), EcsService("apps", "shop"), EcsService("other", "shop")),
        table="ledger",
        has_public=True,
        signals=frozenset({Signal.CPU, Signal.REQUESTS}),
        families=("api", "shop"),
    )


def test_services_that_are_found_may_want_anything() -> None:
    scope = scope_of([], found=TAGGED, table=None)

    assert scope.has_public
    assert scope.signals == frozenset(Signal)


def test_private_services_without_signals_want_little() -> None:
    scope = scope_of([a_service()], found=None, table=None)

    assert not scope.has_public
    assert scope.signals == frozenset()
    assert "cloudwatch:ListMetrics" not in actions(Role.SLEEP, replace(scope, signals=frozenset({Signal.CPU})))


def test_nothing_in_scope_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="name one, or set discover: true"):
        build_policy(Role.FRONT, Scope(()), HERE)


def test_a_rollout_of_unknown_families_is_refused() -> None:
    with pytest.raises(UsageError, match="--family"):
        build_policy(Role.DEPLOY, Scope((), found=TAGGED), HERE)

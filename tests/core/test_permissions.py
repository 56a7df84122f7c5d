"""What is asked of IAM's simulator about a policy, and what its answers mean."""

from collections.abc import Mapping
from typing import Any

import pytest

from wakeproxy.core.checkup import Severity
from wakeproxy.core.iam import Account, Found, Role, Scope, build_policy
from wakeproxy.core.permissions import (
    Question,
    Verdict,
    can_be_simulated,
    judge_permissions,
    list_questions,
    read_verdicts,
    role_behind,
    say_unchecked,
)
from wakeproxy.core.service import EcsService
from wakeproxy.core.signals import Signal

HERE = Account("123456789012", "eu-central-1")
ECS = "arn:aws:ecs:eu-central-1:123456789012"
SCALING = "arn:aws:application-autoscaling:eu-central-1:123456789012"
ASKED = Question("Services", ("ecs:UpdateService",), (f"{ECS}:service/apps/shop",))


def questions(*services: EcsService, **scope: Any) -> Mapping[tuple[str, str], Question]:
    """By statement, and the cluster that is told."""
    listed = list(list_questions(build_policy(Role.FRONT, Scope(services, **scope), HERE)))
    told = {(one.statement, one.context.get("ecs:cluster", "").rpartition("/")[2]): one for one in listed}
    assert len(told) == len(listed)
    return told


def test_every_statement_is_asked_about_with_the_context_that_its_conditions_want() -> None:
    cluster = {"ecs:cluster": f"{ECS}:cluster/apps"}
    scaling = {
        "application-autoscaling:scalable-dimension": "ecs:service:DesiredCount",
        "application-autoscaling:service-namespace": "ecs",
    }
    assert list(questions(EcsService("apps", "shop"), has_public=True).values()) == [
        Question(
            "Services", ("ecs:DescribeServices", "ecs:UpdateService"), (f"{ECS}:service/apps/shop",), cluster
        ),
        Question("ListTasks", ("ecs:ListTasks",), ("*",), cluster),
        Question(
            "Tasks", ("ecs:DescribeTasks", "ecs:GetTaskProtection"), (f"{ECS}:task/apps/wakeproxy-check",), cluster
        ),
        Question(
            "PublicAddresses", ("ec2:DescribeNetworkInterfaces",), ("*",), {"ec2:Region": "eu-central-1"}
        ),
        Question("ScalableTargets", ("application-autoscaling:DescribeScalableTargets",), ("*",)),
        Question(
            "Minimums",
            ("application-autoscaling:RegisterScalableTarget",),
            (f"{SCALING}:scalable-target/wakeproxy-check",),
            scaling,
        ),
    ]  # fmt: skip


def test_a_request_is_in_one_cluster() -> None:
    told = questions(EcsService("apps", "shop"), EcsService("others", "apps"))

    assert told["Services", "apps"].resources == (f"{ECS}:service/apps/shop",)
    assert told["Services", "others"].resources == (f"{ECS}:service/others/apps",)
    assert told["Tasks", "others"].resources == (f"{ECS}:task/others/wakeproxy-check",)
    assert told["ListTasks", "apps"].resources == told["ListTasks", "others"].resources == ("*",)


def test_what_is_found_by_tags_is_asked_about_with_one_of_its_tags() -> None:
    found = Found(("team-*",), {"wakeproxy:enable": ("true", "yes")})
    told = questions(found=found, table="ledger", signals=frozenset(Signal))

    asked = told["WakeproxyEnable", "team-wakeproxy-check"]
    assert asked.resources == (f"{ECS}:service/team-wakeproxy-check/wakeproxy-check",)
    assert asked.context == {
        "aws:ResourceTag/wakeproxy:enable": "true",
        "ecs:cluster": f"{ECS}:cluster/team-wakeproxy-check",
    }
    assert told["FindByTags", ""].resources == ("*",)


def test_many_services_are_asked_about_by_parts() -> None:
    services = tuple(EcsService("apps", f"shop-{number}") for number in range(60))
    policy = build_policy(Role.FRONT, Scope(services), HERE)

    asked = [one for one in list_questions(policy) if one.statement == "Services"]

    assert [len(one.resources) for one in asked] == [25, 25, 10]
    assert len({resource for one in asked for resource in one.resources}) == 60


@pytest.mark.parametrize("decision", ["allowed", "implicitDeny", "explicitDeny"])
def test_an_answer_counts_as_a_whole_or_by_its_resources(decision: str) -> None:
    whole = {
        "EvalActionName": "ecs:UpdateService",
        "EvalResourceName": "arn:1",
        "EvalDecision": decision,
        "MissingContextValues": ["aws:SourceIp"],
    }
    parts = {
        **whole,
        "ResourceSpecificResults": [
            {"EvalResourceName": "arn:2", "EvalResourceDecision": "allowed"},
            {
                "EvalResourceName": "arn:3",
                "EvalResourceDecision": decision,
                "MissingContextValues": ["aws:PrincipalTag/x"],
            },
        ],
    }
    is_allowed = decision == "allowed"

    assert list(read_verdicts(ASKED, [whole, parts])) == [
        Verdict("Services", "ecs:UpdateService", "arn:1", is_allowed, ("aws:SourceIp",)),
        Verdict("Services", "ecs:UpdateService", "arn:2", is_allowed=True),
        Verdict("Services", "ecs:UpdateService", "arn:3", is_allowed, ("aws:PrincipalTag/x",)),
    ]


def test_an_answer_about_everything_may_name_nothing() -> None:
    (verdict,) = read_verdicts(ASKED, [{"EvalActionName": "ecs:ListTasks", "EvalDecision": "allowed"}])

    assert verdict.resource == "*"


def a_verdict(resource: str, *missing: str, is_allowed: bool = False) -> Verdict:
    return Verdict("Services", "ecs:UpdateService", resource, is_allowed, missing)


def test_what_is_allowed_is_no_finding() -> None:
    assert list(judge_permissions("arn:me", [a_verdict("arn:1", "aws:SourceIp", is_allowed=True)])) == []


def test_a_denial_names_statement_action_and_resources() -> None:
    (found,) = judge_permissions("arn:me", [a_verdict(f"arn:{number}") for number in (1, 2, 1, 3, 4, 5)])

    assert (found.severity, found.subject) == (Severity.ERROR, "permissions")
    assert found.sentence == (
        "arn:me is not allowed ecs:UpdateService on arn:1, arn:2, arn:3 and 2 more; "
        "attach the statement Services of `wakeproxy iam front`."
    )


def test_a_denial_that_hangs_on_what_is_not_known_is_not_certain() -> None:
    certain, uncertain = judge_permissions("arn:me", [a_verdict("arn:1"), a_verdict("arn:2", "aws:SourceIp", "x")])

    assert (certain.severity, uncertain.severity) == (Severity.ERROR, Severity.WARNING)
    assert uncertain.sentence == (
        "arn:me may not be allowed ecs:UpdateService on arn:2: that hangs on aws:SourceIp, x, which is not known here; "
        "attach the statement Services of `wakeproxy iam front` unless it is allowed."
    )


def test_what_was_not_checked_is_nothing_wrong() -> None:
    found = say_unchecked("AWS did not answer.")

    assert (found.severity, str(found)) == (Severity.INFO, "permissions: They were not checked: AWS did not answer.")


@pytest.mark.parametrize(
    ("arn", "role", "is_simulated"),
    [
        ("arn:aws:iam::123456789012:user/team/ana", None, True),
        ("arn:aws:iam::123456789012:role/front", None, True),
        ("arn:aws:sts::123456789012:assumed-role/front/i-0a1b2c", "arn:aws:iam::123456789012:role/front", False),
        ("arn:aws-cn:sts::123456789012:assumed-role/front/a@b.c", "arn:aws-cn:iam::123456789012:role/front", False),
        ("arn:aws:iam::123456789012:root", None, False),
        ("arn:aws:sts::123456789012:federated-user/ana", None, False),
    ],
)
def test_users_and_roles_are_simulated_and_sessions_by_their_role(
    arn: str, role: str | None, *, is_simulated: bool
) -> None:
    assert (role_behind(arn), can_be_simulated(arn)) == (role, is_simulated)

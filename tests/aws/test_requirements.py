"""What tasks will not find, and what could not be looked up."""

import json
from typing import Any

import pytest

from tests.aws.conftest import count_calls
from tests.aws.test_images import REPOSITORY, push
from wakeproxy.aws.access import Others
from wakeproxy.aws.requirements import AwsRequirements
from wakeproxy.core.taskdef import Revision
from wakeproxy.ports.rollouts import Finding
from wakeproxy.sandbox import Fault, Sandbox

ACCOUNT = "123456789012"
AGENT = f"arn:aws:iam::{ACCOUNT}:role/agent"
WEB = "containerDefinitions[web]"


@pytest.fixture
def requirements(others: Others) -> AwsRequirements:
    return AwsRequirements(others)


def a_revision(*, image: str = "nginx", execution_role: str = "", **container: Any) -> Revision:
    roles = {"executionRoleArn": execution_role} if execution_role else {}
    return Revision({"family": "shop", **roles, "containerDefinitions": [{"name": "web", "image": image, **container}]})


async def inspect(requirements: AwsRequirements, **changes: Any) -> Finding | None:
    """The only finding there is, if any."""
    found = await requirements.inspect(a_revision(**changes))
    assert len(found) <= 1, found
    return found[0] if found else None


async def make_role(others: Others, name: str, principal: Any) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    await (await others.get("iam")).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))


async def make_secret(others: Others, region: str | None = None, **asked: Any) -> str:
    client = await others.get("secretsmanager", region=region)
    arn: str = (await client.create_secret(Name="db", **asked))["ARN"]
    return arn


def secret(value_from: str) -> Any:
    return [{"name": "DB", "valueFrom": value_from}]


async def test_all_that_is_there_is_found(others: Others, requirements: AwsRequirements, sandbox: Sandbox) -> None:
    await push(others, "1.0")
    await make_role(others, "agent", {"Service": "ecs-tasks.amazonaws.com"})
    await (await others.get("ssm")).put_parameter(Name="/shop/url", Value="x", Type="String")
    await (await others.get("logs")).create_log_group(logGroupName="/ecs/shop")
    arn = await make_secret(others, SecretString="{}")
    options = {"awslogs-group": "/ecs/shop", "awslogs-region": sandbox.region}
    sandbox.clear_calls()

    found = await requirements.inspect(
        a_revision(
            image=f"{REPOSITORY}:1.0",
            execution_role=AGENT,
            secrets=[*secret(f"{arn}:password::"), {"name": "URL", "valueFrom": "/shop/url"}],
            logConfiguration={"logDriver": "awslogs", "options": options},
        )
    )

    assert found == []
    assert count_calls(sandbox) == {
        "DescribeImages": 1, "GetRole": 1, "DescribeSecret": 1, "DescribeParameters": 1, "DescribeLogGroups": 1,
    }  # fmt: skip


async def test_a_missing_image(others: Others, requirements: AwsRequirements) -> None:
    await push(others, "1.0")

    found = await inspect(requirements, image=f"{REPOSITORY}:1.1")

    assert found
    assert (found.subject, found.is_certain) == (f"{WEB}.image", True)
    assert "has no tag 1.1; push the image first" in found.sentence


@pytest.mark.parametrize("prefix", ["team", "ROOT"])
async def test_an_image_that_a_pull_through_cache_may_bring_is_not_surely_missing(
    others: Others, requirements: AwsRequirements, prefix: str
) -> None:
    ecr = await others.get("ecr")
    await ecr.create_pull_through_cache_rule(ecrRepositoryPrefix=prefix, upstreamRegistryUrl="ghcr.io")

    found = await inspect(requirements, image=f"{REPOSITORY}:1.1")

    assert found
    assert not found.is_certain
    assert "pull-through cache" in found.sentence


async def test_a_pull_through_cache_for_others_brings_nothing(others: Others, requirements: AwsRequirements) -> None:
    ecr = await others.get("ecr")
    await ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="tea", upstreamRegistryUrl="ghcr.io")

    found = await inspect(requirements, image=f"{REPOSITORY}:1.1")

    assert found
    assert found.is_certain


async def test_an_image_that_is_none(requirements: AwsRequirements) -> None:
    found = await inspect(requirements, image="Not An Image")

    assert found
    assert found.is_certain
    assert "Not An Image" in found.sentence


async def test_a_missing_role(requirements: AwsRequirements) -> None:
    assert await inspect(requirements, execution_role=AGENT) == Finding(
        "executionRoleArn", "There is no role agent; create it, or correct its ARN.", is_certain=True
    )


@pytest.mark.parametrize(
    ("principal", "is_fine"),
    [
        ({"Service": "ecs-tasks.amazonaws.com"}, True),
        ({"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}, True),
        ("*", True),
        ({"Service": "ec2.amazonaws.com"}, False),
    ],
)
async def test_a_role_must_let_tasks_assume_it(
    others: Others, requirements: AwsRequirements, principal: Any, *, is_fine: bool
) -> None:
    await make_role(others, "agent", principal)

    found = await inspect(requirements, execution_role=AGENT)

    assert (found is None) is is_fine
    if found:
        assert found.is_certain
        assert "let its trust policy name ecs-tasks.amazonaws.com" in found.sentence


async def test_a_missing_secret(requirements: AwsRequirements) -> None:
    arn = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:db-AbCdEf"

    assert await inspect(requirements, secrets=secret(f"{arn}:password::")) == Finding(
        f"{WEB}.secrets[DB]",
        f"There is no secret {arn}; create it, or correct its ARN, its last six characters too.",
        is_certain=True,
    )


async def test_a_secret_is_looked_for_in_its_own_region(others: Others, requirements: AwsRequirements) -> None:
    arn = await make_secret(others, "us-east-1", SecretString="x")

    assert await inspect(requirements, secrets=secret(arn)) is None


async def test_a_secret_that_is_to_be_deleted(others: Others, requirements: AwsRequirements) -> None:
    arn = await make_secret(others, SecretString="x")
    await (await others.get("secretsmanager")).delete_secret(SecretId=arn)

    found = await inspect(requirements, secrets=secret(arn))

    assert found
    assert found.is_certain
    assert "is to be deleted; restore it" in found.sentence


async def test_a_secret_without_a_value(others: Others, requirements: AwsRequirements) -> None:
    arn = await make_secret(others)

    found = await inspect(requirements, secrets=secret(arn))

    assert found
    assert found.is_certain
    assert "has no value yet" in found.sentence


async def test_missing_parameters_are_told_one_by_one_and_asked_for_together(
    others: Others, requirements: AwsRequirements, sandbox: Sandbox
) -> None:
    await (await others.get("ssm")).put_parameter(Name="there", Value="x", Type="SecureString")
    sandbox.clear_calls()
    secrets = [{"name": f"V{n}", "valueFrom": f"/missing/{n}"} for n in range(60)] + secret("there")

    found = await requirements.inspect(a_revision(secrets=secrets))

    assert [one.subject for one in found] == [f"{WEB}.secrets[V{n}]" for n in range(60)]
    assert all(one.is_certain and "in Parameter Store; create it" in one.sentence for one in found)
    assert set(count_calls(sandbox)) == {"DescribeParameters"}
    assert len({str(call.params["ParameterFilters"]) for call in sandbox.calls}) == 2


async def test_a_parameter_of_another_account_cannot_be_looked_up(
    others: Others, requirements: AwsRequirements
) -> None:
    await make_role(others, "agent", "*")
    arn = "arn:aws:ssm:eu-central-1:999999999999:parameter/shop"

    found = await inspect(requirements, execution_role=AGENT, secrets=secret(arn))

    assert found
    assert not found.is_certain
    assert "account 999999999999" in found.sentence


async def test_a_missing_log_group_is_not_one_that_begins_alike(others: Others, requirements: AwsRequirements) -> None:
    await (await others.get("logs")).create_log_group(logGroupName="/ecs/shop-worker")
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/shop"}}

    assert await inspect(requirements, logConfiguration=log) == Finding(
        f"{WEB}.logConfiguration.options[awslogs-group]",
        "There is no log group /ecs/shop; create it, or set awslogs-create-group to true.",
        is_certain=True,
    )


async def test_what_is_named_twice_is_looked_up_once_and_told_with_both_places(
    requirements: AwsRequirements, sandbox: Sandbox
) -> None:
    revision = a_revision(execution_role=AGENT)
    revision = Revision({**revision.document, "taskRoleArn": AGENT})

    (found,) = await requirements.inspect(revision)

    assert found.subject == "executionRoleArn, taskRoleArn"
    assert count_calls(sandbox) == {"GetRole": 1}


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("DescribeImages", {"image": f"{REPOSITORY}:1"}),
        ("DescribePullThroughCacheRules", {"image": f"{REPOSITORY}:1"}),
        ("GetRole", {"execution_role": AGENT}),
        ("DescribeSecret", {"secrets": secret(f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:db-AbCdEf")}),
        ("DescribeParameters", {"secrets": secret("DB")}),
        (
            "DescribeLogGroups",
            {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/shop"}}},
        ),
    ],
)
async def test_what_may_not_be_looked_up_is_not_certain(
    sandbox: Sandbox, requirements: AwsRequirements, operation: str, changes: Any
) -> None:
    sandbox.faults.add(Fault(kind="error", operation=operation, code="AccessDeniedException"))

    found = await inspect(requirements, **changes)

    assert found
    assert not found.is_certain
    assert "does not allow" in found.sentence


async def test_a_service_that_cannot_be_reached_is_asked_once(sandbox: Sandbox, requirements: AwsRequirements) -> None:
    sandbox.faults.add(Fault(kind="lose_request", operation="GetRole"))

    found = await inspect(requirements, execution_role=AGENT)

    assert found
    assert not found.is_certain
    assert "did not answer when asked to look up role agent" in found.sentence


async def test_throttling_is_survived(sandbox: Sandbox, requirements: AwsRequirements) -> None:
    sandbox.faults.add(Fault(kind="throttle", operation="GetRole"))

    found = await inspect(requirements, execution_role=AGENT)

    assert found
    assert found.is_certain

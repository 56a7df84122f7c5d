"""What the role of deploys allows is what rollouts call: nothing is missing, and nothing goes unused."""

import asyncio

import pytest

from tests.aws.conftest import ecs_of
from tests.aws.test_images import REPOSITORY
from tests.aws.test_requirements import AGENT, a_revision
from wakeproxy.aws.access import Others
from wakeproxy.aws.clients import Clients
from wakeproxy.aws.definitions import EcsDefinitions
from wakeproxy.aws.images import EcrImages
from wakeproxy.aws.logs import CloudWatchLogs
from wakeproxy.aws.releases import EcsReleases
from wakeproxy.aws.requirements import AwsRequirements
from wakeproxy.aws.runs import EcsRuns
from wakeproxy.core.iam import Account, Role, Scope, build_policy
from wakeproxy.core.image import parse_image
from wakeproxy.errors import UnknownImageError
from wakeproxy.ports.rollouts import Change, LogStream, RunOrder
from wakeproxy.sandbox import Sandbox

SHOP = ecs_of("shop")
SCOPE = Scope((SHOP,), families=("shop",), passed_roles=(AGENT,), log_groups=("/ecs/shop",), is_pruned=True)
IMPLIED = {"iam:PassRole", "ecs:TagResource"}
"""What AWS asks for when a revision names roles and has tags; nobody calls it."""


def allowed(role: Role) -> set[str]:
    policy = build_policy(role, SCOPE, Account("123456789012", "eu-central-1"))
    return {action for one in policy["Statement"] for action in one["Action"]}


async def roll_out(clients: Clients, others: Others) -> None:
    """Do once whatever rollouts can do."""
    definitions, releases, runs = EcsDefinitions(clients), EcsReleases(clients), EcsRuns(clients)
    known = await definitions.read("shop")
    arn = (await definitions.register(known)).arn
    await releases.change(SHOP, Change(revision=arn, desired_count=1))
    release = await releases.read(SHOP)
    assert release.primary
    async with asyncio.timeout(60):
        while not await releases.list_tasks(SHOP, release.primary.id):
            await asyncio.sleep(0.01)
    tasks = await runs.start(RunOrder("apps", arn, 1, release.placement, "deploy"))
    await runs.look("apps", tasks)
    await CloudWatchLogs(others).read(LogStream("/ecs/shop", "ecs/shop/1"), since=None)
    with pytest.raises(UnknownImageError):
        await EcrImages(others).find_digest(parse_image(REPOSITORY))
    secrets = [
        {"name": "A", "valueFrom": "/a"},
        {"name": "B", "valueFrom": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:b-AbCdEf"},
    ]
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/other"}}
    await AwsRequirements(others).inspect(
        a_revision(image=REPOSITORY, execution_role=AGENT, secrets=secrets, logConfiguration=log)
    )
    await releases.find_in_use("shop")
    for old in (await definitions.list_active("shop"))[1:]:
        await definitions.deregister(old)


async def test_the_policy_of_a_deploy_is_what_rollouts_call(sandbox: Sandbox, clients: Clients, others: Others) -> None:
    sandbox.create_service("shop")
    sandbox.clear_calls()

    await roll_out(clients, others)

    called = {f"{call.service}:{call.operation}" for call in sandbox.calls}
    assert called <= allowed(Role.DEPLOY)
    assert allowed(Role.DEPLOY) - allowed(Role.WAKE) - IMPLIED <= called

"""How things stand in ECS: before a tool began, and after it has ended."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.rollout.tools import SERVICE, Attempt
from tests.world import CLUSTER, World, call_ecs

Document = Mapping[str, Any]
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What ECS has at a moment."""

    services: Mapping[str, Document]
    """By ``CLUSTER/SERVICE``."""
    revisions: Mapping[str, Document]
    """Of the service's family, by ARN, the inactive ones too; their tags are among them."""
    tasks: Sequence[Document]
    """That run for the service."""

    @property
    def service(self) -> Document:
        """The one that is rolled out to; an empty one where it is gone."""
        return self.services.get(f"{CLUSTER}/{SERVICE}", {})

    @property
    def revision(self) -> Document:
        """What the service has."""
        return self.revisions.get(self.service.get("taskDefinition", ""), {})

    @property
    def active(self) -> Sequence[str]:
        """The ARNs of active revisions."""
        return [arn for arn, one in self.revisions.items() if one["status"] == "ACTIVE"]

    def container(self, name: str = SERVICE) -> Document:
        """A container definition of what the service has."""
        return next((one for one in self.revision.get("containerDefinitions", ()) if one["name"] == name), {})


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a tool's attempt."""

    attempt: Attempt
    before: Standing
    after: Standing


async def look(world: World, family: str) -> Standing:
    """Look at everything."""
    services = {}
    for arn in (await call_ecs(world.url, "ListClusters", {}))["clusterArns"]:
        cluster = arn.rpartition("/")[2]
        names = (await call_ecs(world.url, "ListServices", {"cluster": cluster}))["serviceArns"]
        for name in names:
            told = await call_ecs(world.url, "DescribeServices", {"cluster": cluster, "services": [name]})
            services[f"{cluster}/{name.rpartition('/')[2]}"] = told["services"][0]
    revisions = {}
    for status in ("ACTIVE", "INACTIVE"):
        listed = await call_ecs(world.url, "ListTaskDefinitions", {"familyPrefix": family, "status": status})
        for arn in listed["taskDefinitionArns"]:
            asked = {"taskDefinition": arn, "include": ["TAGS"]}
            told = await call_ecs(world.url, "DescribeTaskDefinition", asked)
            revisions[arn] = {**told["taskDefinition"], "tags": told.get("tags", [])}
    return Standing(services, revisions, await _list_tasks(world))


async def _list_tasks(world: World) -> Sequence[Document]:
    arns: list[str] = []
    asked: dict[str, Any] = {"cluster": CLUSTER, "serviceName": SERVICE, "desiredStatus": "RUNNING"}
    try:
        while True:
            page = await call_ecs(world.url, "ListTasks", asked)
            arns += page["taskArns"]
            if "nextToken" not in page:
                break
            asked["nextToken"] = page["nextToken"]
    except AssertionError:  # the service is gone
        return []
    found: list[Document] = []
    for begin in range(0, len(arns), 100):
        some = {"cluster": CLUSTER, "tasks": arns[begin : begin + 100]}
        found += (await call_ecs(world.url, "DescribeTasks", some))["tasks"]
    return [one for one in found if one["lastStatus"] == "RUNNING"]


async def register(world: World, like: str, **changes: Any) -> str:
    """Register a revision like the one of that name or family, with these members; its ARN."""
    told = await call_ecs(world.url, "DescribeTaskDefinition", {"taskDefinition": like})
    added = {"taskDefinitionArn", "revision", "status", "registeredAt", "compatibilities", "requiresAttributes"}
    document = {key: value for key, value in told["taskDefinition"].items() if key not in added}
    answer = await call_ecs(world.url, "RegisterTaskDefinition", {**document, **changes})
    found: str = answer["taskDefinition"]["taskDefinitionArn"]
    return found


async def give(world: World, arn: str, name: str = SERVICE) -> None:
    """Give a service a revision, and wait for it."""
    await call_ecs(world.url, "UpdateService", {"cluster": CLUSTER, "service": name, "taskDefinition": arn})
    await settle(world, name)


async def settle(world: World, name: str = SERVICE) -> None:
    """Wait until a service is as it is wanted."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            found = await world.describe(name)
            states = [one["rolloutState"] for one in found["deployments"]]
            if states == ["COMPLETED"] and found["runningCount"] == found["desiredCount"]:
                return
            await asyncio.sleep(0.03)

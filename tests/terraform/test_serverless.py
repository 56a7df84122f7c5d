"""A serverless stack that Terraform applies to the sandbox works there, and drifts neither by a wake nor by a sleep."""

import asyncio
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.terraform.cli import Terraform
from tests.world import World, call_ecs, run_sandbox, visit

STACK = Path(__file__).with_name("serverless")
PATIENCE = 60


@dataclass(frozen=True)
class Stack:
    """What was applied, and where."""

    world: World
    terraform: Terraform

    async def desired_count(self) -> int:
        told = await call_ecs(self.world.url, "DescribeServices", {"cluster": "apps", "services": ["app"]})
        return int(told["services"][0]["desiredCount"])

    async def runs(self) -> None:
        """Wait until the service's one task runs."""
        async with asyncio.timeout(PATIENCE):
            while [each["status"] for each in await self._tasks()] != ["RUNNING"]:
                await asyncio.sleep(0.05)

    async def _tasks(self) -> list[Mapping[str, Any]]:
        tasks: list[Mapping[str, Any]] = (await self.world.control("GET", "tasks?cluster=apps"))["tasks"]
        return tasks

    async def local_url(self, kind: str) -> str:
        urls = (await self.world.control("GET", "urls"))["urls"]
        return str(next(each["url"] for each in urls if each["kind"] == kind))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("serverless")
    archive = folder / "app.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.write(STACK / "app.py", "app.py")
    async with run_sandbox(folder) as world:
        keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"}
        terraform = await asyncio.to_thread(
            Terraform.alone, STACK, folder, AWS_ENDPOINT_URL=world.url, TF_VAR_zip=str(archive), **keys
        )
        await asyncio.to_thread(terraform.run, "apply", "-auto-approve", "-input=false")
        yield Stack(world, terraform)


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
async def test_it_wakes_by_http_sleeps_by_schedule_drifts_by_neither_and_goes_whole(stack: Stack) -> None:
    api = await stack.local_url("api")
    async with visit() as session:
        answer = await session.get(f"{api}/a%20b")
        assert (answer.status, await answer.json()) == (202, {"path": "/a b", "desired": 1, "visits": 1})
        assert (await session.get(api)).status == 202
        assert (await session.post(f"{api}/wake/app")).status == 403
        assert (await session.get(await stack.local_url("function"))).status == 403
    assert await stack.desired_count() == 1
    await stack.runs()

    fired = await stack.world.control("POST", "fire", {"name": "sleep"})
    assert [each["answer"] for each in fired["fired"]] == [{"desired": 0, "weekend": False}]
    fired = await stack.world.control("POST", "fire", {"name": "weekend"})
    assert [each["answer"] for each in fired["fired"]] == [{"desired": 0, "weekend": True}]
    assert await stack.desired_count() == 0

    assert "No changes." in await asyncio.to_thread(stack.terraform.run, "plan", "-input=false")
    told = await asyncio.to_thread(stack.terraform.run, "destroy", "-auto-approve", "-refresh=false")
    assert "Destroy complete!" in told
    assert (await stack.world.control("GET", "urls"))["urls"] == []

"""Who calls AWS: the keys, the profile, the role."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.aws.conftest import count_calls, ecs_of
from wakeproxy.aws.clients import Access, open_clients
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.bootstrap import now
from wakeproxy.errors import AccessDeniedError
from wakeproxy.ports import Look
from wakeproxy.sandbox import Fault, Sandbox

ROLE = "arn:aws:iam::123456789012:role/wakeproxy"


async def look(access: Access) -> None:
    async with open_clients(access) as clients:
        await EcsFleet(clients, clock=now).observe([Look(ecs_of("shop"))])


async def test_a_sandbox_takes_any_keys(sandbox: Sandbox) -> None:
    await look(Access(sandbox.region, sandbox.url, takes_any_keys=True))

    assert count_calls(sandbox) == {"DescribeServices": 1}


async def test_the_region_is_the_one_configured(sandbox: Sandbox) -> None:
    sandbox.create_service("shop", desired_count=1)

    async with open_clients(Access("us-east-1", sandbox.url, takes_any_keys=True)) as clients:
        seen = await EcsFleet(clients, clock=now).observe([Look(ecs_of("shop"))])

    assert not seen[ecs_of("shop")].exists, "the service is in another region"


async def test_what_is_known_of_an_api_is_read_once_whoever_opens_its_client(sandbox: Sandbox) -> None:
    async with (
        open_clients(Access(sandbox.region, sandbox.url, takes_any_keys=True)) as one,
        open_clients(Access("us-east-1", sandbox.url, takes_any_keys=True)) as other,
    ):
        models: list[Any] = [each.ecs.meta.service_model for each in (one, other)]
        regions = [each.ecs.meta.region_name for each in (one, other)]

    assert models[0]._service_description is models[1]._service_description
    assert regions == [sandbox.region, "us-east-1"]


async def test_a_role_is_assumed_once_at_the_endpoint_that_is_configured(sandbox: Sandbox) -> None:
    access = Access(sandbox.region, sandbox.url, role_arn=ROLE, takes_any_keys=True)
    async with open_clients(access) as clients:
        fleet = EcsFleet(clients, clock=now)
        await fleet.observe([Look(ecs_of("shop"))])
        await fleet.observe([Look(ecs_of("shop"))])

    assert count_calls(sandbox) == {"AssumeRole": 1, "DescribeServices": 2}
    assumed = next(call for call in sandbox.calls if call.operation == "AssumeRole")
    assert (assumed.params["RoleArn"], assumed.params["RoleSessionName"]) == (ROLE, "wakeproxy")


async def test_a_role_that_may_not_be_assumed_is_access_denied(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="error", operation="AssumeRole", code="AccessDenied", status=403, times=None))

    with pytest.raises(AccessDeniedError, match="read the services of cluster apps"):
        await look(Access(sandbox.region, sandbox.url, role_arn=ROLE, takes_any_keys=True))


async def test_without_any_credentials_it_says_what_to_set(sandbox: Sandbox) -> None:
    with pytest.raises(AccessDeniedError, match="Set them: environment, profile or role") as caught:
        await look(Access(sandbox.region, sandbox.url))

    assert caught.value.exit_status == 5
    assert sandbox.calls == ()


async def test_a_role_cannot_be_assumed_by_nobody(sandbox: Sandbox) -> None:
    with pytest.raises(AccessDeniedError, match="no AWS credentials to assume"):
        await look(Access(sandbox.region, sandbox.url, role_arn=ROLE))


async def test_a_profile_that_does_not_exist_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(AccessDeniedError, match="staging"):
        await look(Access(sandbox.region, sandbox.url, profile="staging"))


async def test_a_profile_gives_the_keys(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile staging]\naws_access_key_id = a\naws_secret_access_key = b\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    await look(Access(sandbox.region, sandbox.url, profile="staging"))

    assert count_calls(sandbox) == {"DescribeServices": 1}


async def test_a_client_that_few_want_is_opened_once_for_each_region(sandbox: Sandbox) -> None:
    async with open_clients(Access(sandbox.region, sandbox.url, takes_any_keys=True)) as clients:
        assert clients.others is not None
        asked = [("logs", None), ("logs", sandbox.region), ("logs", "us-east-1"), ("ssm", None)]

        found = await asyncio.gather(*(clients.others.get(name, region=region) for name, region in asked))

    assert found[0] is found[1]
    assert [one.meta.region_name for one in found] == [sandbox.region, sandbox.region, "us-east-1", sandbox.region]
    assert [one.meta.service_model.service_name for one in found] == ["logs", "logs", "logs", "ssm"]


async def test_every_call_of_a_client_that_few_want_is_counted(sandbox: Sandbox) -> None:
    async with open_clients(Access(sandbox.region, sandbox.url, takes_any_keys=True)) as clients:
        assert clients.others is not None
        await (await clients.others.get("ssm")).describe_parameters()

        assert clients.calls.counts == {("ssm", "DescribeParameters", "ok"): 1}

"""What ``wakeproxy check`` says of services, their task definitions and networks."""

from typing import Any

from tests.cli.running import run
from tests.world import World

READY = {"ready": {"path": "/"}}
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"


def details(document: Any, severity: str) -> list[str]:
    told = [one for one in document["details"] if one["subject"].startswith("services.")]
    return [f"{one['subject']}: {one['sentence']}" for one in told if one["severity"] == severity]


async def test_nothing_is_wrong_with_services_that_can_be_woken(world: World) -> None:
    await world.create("shop")
    await world.create("blog", public=True)
    config = str(world.configure({"shop": READY, "blog": {**READY, "address": "public"}}))

    told = await run("check", "-c", config)
    document = (await run("check", "-c", config, "--json")).document

    assert (told.status, told.err) == (0, "Nothing is wrong.\n")
    assert (document["ok"], document["findings"]) == (True, [])
    assert details(document, "warning") == []


async def test_a_warning_alone_is_no_failure(world: World) -> None:
    await world.create("shop", minimum_healthy_percent=50, maximum_percent=100)
    config = str(world.configure({"shop": {}}))

    told = await run("check", "-c", config)

    lines = [line for line in told.out.splitlines() if line.startswith("warning: services.shop: ")]
    assert (told.status, told.err) == (0, "Nothing is wrong, but 2 warnings.\n")
    assert len(lines) == 2
    assert "lets no other start before" in lines[0]
    assert "set ready.path" in lines[1]


async def test_everything_that_is_wrong_is_told_at_once_and_errors_first(world: World) -> None:
    await world.create("shop", secrets={"DB": SECRET}, minimum_healthy_percent=50, maximum_percent=100)
    await world.create("blog")
    config = str(world.configure({"shop": {**READY, "port": 80, "address": "public"}, "blog": {}, "gone": {}}))

    told = await run("check", "-c", config)
    document = (await run("check", "-c", config, "--json")).document

    assert (told.status, told.err) == (1, "5 errors, 2 warnings\n")
    assert document["findings"] == told.out.splitlines()[:5] == details(document, "error")
    assert [line.split()[0] for line in told.out.splitlines()[5:7]] == ["warning:", "warning:"]
    assert [" ".join(finding.split()[:3]) for finding in document["findings"][:4]] == [
        "services.gone: ECS knows",
        "services.shop: It is",
        "services.shop: No rule",
        "services.shop: No container",
    ]
    assert f"containerDefinitions[shop].secrets[DB]: There is no secret {SECRET}" in document["findings"][4]


async def test_what_may_not_be_looked_at_is_told_and_no_failure(world: World) -> None:
    await world.create("shop")
    for operation in ("DescribeTaskDefinition", "DescribeSubnets"):
        fault = {"kind": "error", "operation": operation, "code": "AccessDeniedException", "times": None}
        await world.control("POST", "faults", [fault])
    config = str(world.configure({"shop": READY}))

    told = await run("check", "-c", config)

    lines = [line for line in told.out.splitlines() if line.startswith("warning: ")]
    assert told.status == 0
    assert [line.partition(" AWS")[0] for line in lines] == [
        "warning: network: It was not checked.",
        "warning: services.shop: Its task definition was not checked.",
    ]


async def test_a_task_definition_that_is_gone_is_an_error(world: World) -> None:
    await world.create("shop")
    refusal = {"code": "ClientException", "message": "Unable to describe task definition.", "status": 400}
    fault = {"kind": "error", "operation": "DescribeTaskDefinition", "times": None, **refusal}
    await world.control("POST", "faults", [fault])

    told = await run("check", "-c", str(world.configure({"shop": READY})))

    assert (told.status, told.err) == (1, "1 error\n")
    assert "services.shop: Its task definition was not checked. There is no task definition arn:" in told.out


async def test_services_that_may_not_be_read_are_an_error(world: World) -> None:
    await world.create("shop")
    fault = {"kind": "error", "operation": "ecs:DescribeServices", "code": "AccessDeniedException", "times": None}
    await world.control("POST", "faults", [fault])

    told = await run("check", "-c", str(world.configure({"shop": READY})))

    assert told.status == 1
    assert told.out.startswith("AWS does not allow to read the services of cluster apps")

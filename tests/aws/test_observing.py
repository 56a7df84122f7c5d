"""What a look costs in calls, and what it brings home."""

from tests.aws.conftest import count_calls, ecs_of, is_running, look_at, observe, observe_until
from wakeproxy.aws.fleet import EcsFleet
from wakeproxy.core.observation import list_endpoints
from wakeproxy.core.service import Address, EcsService
from wakeproxy.ports import Look
from wakeproxy.sandbox import Fault, Sandbox


async def test_25_sleeping_services_cost_3_calls(sandbox: Sandbox, fleet: EcsFleet) -> None:
    names = [f"shop-{number}" for number in range(25)]
    for name in names:
        sandbox.create_service(name)
    sandbox.clear_calls()

    seen = await fleet.observe([look_at(name) for name in names])

    assert count_calls(sandbox) == {"DescribeServices": 3}
    assert {ecs.service for ecs in seen} == set(names)
    assert all(one.exists and one.is_at_rest for one in seen.values())


async def test_the_tasks_of_many_services_are_described_together(sandbox: Sandbox, fleet: EcsFleet) -> None:
    names = [f"shop-{number}" for number in range(12)]
    for name in names:
        sandbox.create_service(name, desired_count=1)
    sandbox.clear_calls()

    await fleet.observe([look_at(name) for name in names])

    calls = count_calls(sandbox)
    assert calls["DescribeServices"] == 2
    assert calls["DescribeTasks"] <= 1
    listed = [call.params.get("serviceName") for call in sandbox.calls if call.operation == "ListTasks"]
    assert listed.count(None) == 1
    assert len(set(listed)) == len(listed), "of each service that misses tasks, those that stopped"


async def test_services_of_two_clusters_are_told_apart(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", cluster="one")
    sandbox.create_service("shop", cluster="two", desired_count=1)

    seen = await fleet.observe([Look(EcsService("one", "shop")), Look(EcsService("two", "shop"))])

    assert {ecs.cluster: one.desired for ecs, one in seen.items()} == {"one": 0, "two": 1}


async def test_one_ecs_service_behind_two_routes_is_described_once(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", desired_count=1)
    sandbox.clear_calls()

    seen = await fleet.observe([look_at("shop"), look_at("shop")])

    assert list(seen) == [ecs_of("shop")]
    assert [call.params["services"] for call in sandbox.calls if call.operation == "DescribeServices"] == [["shop"]]
    assert len({task.arn for task in seen[ecs_of("shop")].tasks}) == len(seen[ecs_of("shop")].tasks)


async def test_a_task_that_runs_is_found_with_its_address_image_and_times(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", desired_count=1)

    seen = await observe_until(fleet, "shop", is_running)

    (task,) = seen.live
    (there,) = sandbox.tasks("apps", "shop")
    assert task.arn == there.arn
    assert task.private_address == there.private_ip
    assert task.image == "wakeproxy/hello"
    assert task.created_at
    assert task.started_at
    assert task.created_at <= task.started_at <= seen.seen_at


async def test_a_public_address_is_asked_for_only_where_it_is_wanted(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", desired_count=1, public=True)

    private = await observe_until(fleet, "shop", is_running)

    assert private.live[0].public_address is None
    assert "DescribeNetworkInterfaces" not in count_calls(sandbox)

    public = await observe(fleet, "shop", Address.PUBLIC)

    assert public.live[0].public_address == sandbox.tasks("apps", "shop")[0].public_ip
    (endpoint,) = list_endpoints(public, address=Address.PUBLIC, port=8080)
    assert endpoint.host.startswith("127.77.")


async def test_a_public_address_is_asked_for_once(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop", desired_count=1, public=True)
    await observe_until(fleet, "shop", lambda seen: seen.live and seen.live[0].public_address, address=Address.PUBLIC)
    sandbox.clear_calls()

    again = await observe(fleet, "shop", Address.PUBLIC)

    assert again.live[0].public_address
    assert "DescribeNetworkInterfaces" not in count_calls(sandbox)


async def test_an_interface_without_a_public_address_is_asked_about_again(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.faults.add(Fault(kind="no_public_ip", target="apps/shop"))
    sandbox.create_service("shop", desired_count=1, public=True)
    await observe_until(fleet, "shop", is_running)

    first = await observe(fleet, "shop", Address.PUBLIC)
    await observe(fleet, "shop", Address.PUBLIC)

    assert first.live[0].public_address is None
    assert list_endpoints(first, address=Address.PUBLIC, port=8080) == ()
    assert count_calls(sandbox)["DescribeNetworkInterfaces"] == 2


async def test_a_missing_service_is_missing_beside_one_that_is_there(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")

    seen = await fleet.observe([look_at("shop"), look_at("nobody")])

    assert seen[ecs_of("shop")].exists
    assert not seen[ecs_of("nobody")].exists


async def test_every_service_of_a_missing_cluster_is_missing(sandbox: Sandbox, fleet: EcsFleet) -> None:
    sandbox.create_service("shop")
    nowhere = EcsService("nowhere", "shop")

    seen = await fleet.observe([look_at("shop"), Look(nowhere)])

    assert not seen[nowhere].exists
    assert seen[ecs_of("shop")].exists

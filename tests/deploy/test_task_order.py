"""What is run once, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.deploy.world import ECS, Definitions, Releases, World, arn, document
from wakeproxy.core.edits import Edits
from wakeproxy.core.image import parse_image
from wakeproxy.core.release import Placement, Release
from wakeproxy.core.service import EcsService
from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.request import Request
from wakeproxy.deploy.task_order import Wish, order_tasks, place, register_edited
from wakeproxy.deploy.telling import Kind
from wakeproxy.errors import NothingToDoError, PreflightError, ServiceGoneError, UnknownRevisionError
from wakeproxy.ports.rollouts import Finding, RunOrder

NETWORK: Mapping[str, Any] = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
OTHER: Mapping[str, Any] = {"awsvpcConfiguration": {"subnets": ["subnet-2"]}}
SPOT = ({"capacityProvider": "FARGATE_SPOT", "weight": 1},)
PLACE = Placement("FARGATE", platform_version="1.4.0", network=NETWORK)


@dataclass
class Placed(Releases):
    """The service, in a place."""

    async def read(self, ecs: EcsService) -> Release:
        return replace(await super().read(ecs), placement=PLACE)


def a_world() -> World:
    world = World()
    world.releases = Placed(world.definitions, begun=world.releases.begun)
    return world


def wish(**fields: Any) -> Wish:
    return Wish("apps", "wakeproxy-1", **fields)


def to(image: str, **fields: Any) -> Request:
    return Request(Edits((parse_image(image),)), **fields)


async def order(world: World, wanted: Wish) -> tuple[Revision, RunOrder]:
    return await order_tasks(world.yard, wanted, world.told.append)


async def test_a_services_revision_runs_where_the_service_does() -> None:
    revision, ordered = await order(a_world(), wish(service=ECS))

    assert revision.label == "shop:1"
    assert ordered == RunOrder("apps", arn("shop:1"), 1, PLACE, "wakeproxy-1")


async def test_a_services_older_revision_is_run_rather_than_the_newest() -> None:
    world = a_world()
    world.definitions.add("registry.example/shop:9")

    revision, _ = await order(world, wish(service=ECS))

    assert revision.label == "shop:1"


async def test_another_task_definition_can_run_in_a_services_place() -> None:
    world = a_world()
    world.definitions.add("registry.example/shop:9")

    revision, ordered = await order(world, wish(service=ECS, task_definition="shop:2"))

    assert (revision.label, ordered.placement) == ("shop:2", PLACE)


async def test_a_family_runs_its_newest_revision_where_it_is_told_to() -> None:
    world = a_world()
    world.definitions.add("registry.example/shop:9")
    placement = Placement("FARGATE", network=OTHER)

    _, ordered = await order(world, wish(task_definition="shop", placement=placement, count=3))

    assert ordered == RunOrder("apps", arn("shop:2"), 3, placement, "wakeproxy-1")


async def test_nothing_is_registered_or_inspected_without_an_edit() -> None:
    world = a_world()

    await order(world, wish(task_definition="shop"))

    assert len(world.definitions.revisions) == 1
    assert world.requirements.inspected == []


async def test_an_edited_revision_is_registered_and_run() -> None:
    world = a_world()

    revision, ordered = await order(world, wish(service=ECS, request=to("registry.example/shop:2")))

    assert revision.images == {"web": "registry.example/shop:2"}
    assert ordered.revision == arn("shop:2")
    assert world.texts(Kind.REGISTERED) == ["shop:2 is registered"]


async def test_an_edit_that_changes_nothing_runs_what_is_there() -> None:
    world = a_world()

    revision, _ = await order(world, wish(task_definition="shop", request=to("registry.example/shop:1")))

    assert revision.label == "shop:1"
    assert len(world.definitions.revisions) == 1


async def test_a_revision_that_was_deregistered_is_registered_anew() -> None:
    world = a_world()
    await world.definitions.deregister(arn("shop:1"))

    revision, _ = await order(world, wish(service=ECS))

    assert revision.label == "shop:2"


async def test_an_edit_that_matches_nothing_registers_nothing() -> None:
    world = a_world()

    with pytest.raises(NothingToDoError):
        await order(world, wish(task_definition="shop", request=to("registry.example/other:2")))

    assert len(world.definitions.revisions) == 1


async def test_what_tasks_would_not_find_is_refused_before_anything_is_registered() -> None:
    world = a_world()
    world.requirements.findings = (Finding("executionRoleArn", "There is no such role; make it.", is_certain=True),)

    with pytest.raises(PreflightError, match="no such role"):
        await order(world, wish(service=ECS, request=to("registry.example/shop:2")))

    assert len(world.definitions.revisions) == 1


async def test_a_service_that_is_being_deleted_has_no_place_to_run_in() -> None:
    world = a_world()
    world.releases.status = "DRAINING"

    with pytest.raises(ServiceGoneError, match="DRAINING"):
        await order(world, wish(service=ECS))


async def test_a_family_that_is_not_there_is_unknown() -> None:
    with pytest.raises(UnknownRevisionError):
        await order(a_world(), wish(task_definition="job"))


async def test_a_file_is_registered_as_it_is() -> None:
    definitions = Definitions()
    definitions.add("registry.example/shop:1")
    world = World()
    written = Revision(document("registry.example/shop:7", cpu="1024"))

    revision = await register_edited(world.yard, "shop", Request(written=written), world.told.append)

    assert revision.document == written.document
    assert revision.label == "shop:2"


@pytest.mark.parametrize(
    ("service", "wanted", "placed"),
    [
        (PLACE, Placement(), PLACE),
        (PLACE, Placement(network=OTHER), replace(PLACE, network=OTHER)),
        (PLACE, Placement(platform_version="LATEST"), replace(PLACE, platform_version="LATEST")),
        (PLACE, Placement("FARGATE"), PLACE),
        (PLACE, Placement("EC2"), Placement("EC2", network=NETWORK)),
        (
            Placement(None, SPOT, "1.4.0", NETWORK),
            Placement(),
            Placement(None, SPOT, "1.4.0", NETWORK),
        ),
        (
            Placement(None, SPOT, "1.4.0", NETWORK),
            Placement("FARGATE"),
            Placement("FARGATE", platform_version="1.4.0", network=NETWORK),
        ),
        (Placement(None, SPOT, "1.4.0", NETWORK), Placement("EC2"), Placement("EC2", network=NETWORK)),
    ],
)
def test_each_part_of_a_place_that_is_wanted_is_stronger_than_the_services(
    service: Placement, wanted: Placement, placed: Placement
) -> None:
    assert place(service, wanted) == placed

"""Which revision is rolled out, and what is refused."""

from dataclasses import replace

import pytest

from tests.deploy.test_rollout import ask
from tests.deploy.world import SHOP, World, arn, document
from wakeproxy.core.edits import Edits
from wakeproxy.core.image import parse_image
from wakeproxy.core.taskdef import Revision
from wakeproxy.deploy.planning import Plan, find_earlier, plan_revision, plan_rollout
from wakeproxy.deploy.request import Conduct, Request
from wakeproxy.deploy.revising import revise
from wakeproxy.errors import BusyError, NothingToDoError, ServiceGoneError, UnknownRevisionError, UsageError


async def plan(world: World, request: Request) -> Plan:
    return await plan_rollout(world.yard, SHOP, request, world.told.append)


async def test_what_runs_is_edited_not_the_newest() -> None:
    world = World()
    world.definitions.add("registry.example/shop:9", cpu="512")
    planned = await plan(world, ask())
    assert "cpu" not in planned.revised.wanted.document


async def test_the_newest_is_edited_if_that_is_asked_for() -> None:
    world = World()
    world.definitions.add("registry.example/shop:9", cpu="512")
    planned = await plan(world, replace(ask(), takes_latest=True))
    assert planned.revised.wanted.document["cpu"] == "512"


async def test_the_newest_as_it_is_takes_no_edit_and_no_registering() -> None:
    world = World()
    newest = world.definitions.add("registry.example/shop:9")
    planned = await plan(world, Request(takes_latest=True))
    assert planned.revised.wanted.arn == newest
    assert not planned.revised.is_new


async def test_a_service_may_have_a_revision_whose_family_has_no_active_one() -> None:
    world = World()
    await world.definitions.deregister(arn("shop:1"))
    planned = await plan(world, replace(ask(), takes_latest=True))
    assert planned.revised.wanted.images == {"web": "registry.example/shop:2"}


async def test_a_revision_that_was_deregistered_is_registered_anew() -> None:
    world = World()
    await world.definitions.deregister(arn("shop:1"))
    planned = await plan(world, ask("registry.example/shop:1"))
    assert planned.revised.is_new


async def test_a_file_is_rolled_out_with_its_own_tags_and_edits_on_top() -> None:
    world = World()
    written = Revision(document("registry.example/shop:7", cpu="1024"), {"team": "web"})
    planned = await plan(world, replace(ask(), written=written, copies_tags=False))
    assert planned.revised.wanted == Revision(document("registry.example/shop:2", cpu="1024"), {"team": "web"})


@pytest.mark.parametrize(("copies_tags", "tags"), [(True, {"team": "shop"}), (False, {})])
async def test_tags_are_copied_unless_that_is_not_wanted(*, copies_tags: bool, tags: dict[str, str]) -> None:
    world = World()
    world.definitions.revisions[0] = replace(world.definitions.revisions[0], tags={"team": "shop"})
    planned = await plan(world, replace(ask(), copies_tags=copies_tags))
    assert planned.revised.wanted.tags == tags


async def test_only_what_is_changed_is_pinned_beside_images_of_other_registries() -> None:
    world = World()
    ours = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"
    sidecar = {"name": "log", "image": "public.example/log:1"}
    containers = [{"name": "web", "image": f"{ours}:1"}, sidecar]
    world.definitions.revisions[0] = Revision({"family": "shop", "containerDefinitions": containers}, arn=arn("shop:1"))
    world.images.digests = {f"{ours}:2": f"sha256:{'b' * 64}"}

    planned = await plan(world, replace(ask(f"{ours}:2"), pins=True))

    assert planned.revised.wanted.images == {"web": f"{ours}@sha256:{'b' * 64}", "log": "public.example/log:1"}


async def test_images_are_pinned_to_what_their_tags_are_now() -> None:
    world = World()
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:2"
    digest = f"sha256:{'a' * 64}"
    world.images.digests = {image: digest}
    edits = Edits(images=(parse_image(image),), container="web")

    await world.roll_out(Request(edits, pins=True))

    assert world.definitions.revisions[-1].images == {"web": f"{image.removesuffix(':2')}@{digest}"}


async def test_what_is_in_no_registry_of_aws_cannot_be_pinned() -> None:
    with pytest.raises(UsageError, match="--digest"):
        await World().roll_out(replace(ask(), pins=True))


async def test_what_has_a_digest_already_is_pinned_enough() -> None:
    world = World()
    image = f"registry.example/shop@sha256:{'c' * 64}"
    planned = await plan(world, replace(ask(image), pins=True))
    assert planned.revised.wanted.images == {"web": image}


async def test_the_same_rollout_twice_needs_no_edit_to_be_refused() -> None:
    with pytest.raises(NothingToDoError):
        await plan(World(), Request())


async def test_a_revision_of_a_family_without_a_service_is_made_of_its_newest() -> None:
    world = World()
    world.definitions.add("registry.example/shop:9")
    revised = await revise(world.yard, "shop", Request(Edits(images=(parse_image("registry.example/shop:10"),))))
    assert revised.former.arn == arn("shop:2")
    assert [one.path for one in revised.differences] == ["containerDefinitions[web].image"]


# Going back.


async def test_an_earlier_revision_is_rolled_out_as_it_is() -> None:
    world = World()
    await world.roll_out(ask())

    planned = await plan_revision(world.yard, SHOP, "shop:1", Conduct())

    assert planned.revised.wanted.arn == arn("shop:1")
    assert planned.goes_back_to == arn("shop:2")


async def test_steps_count_active_revisions_before_the_one_that_runs() -> None:
    world = World()
    for tag in range(2, 6):
        world.definitions.add(f"registry.example/shop:{tag}")
    await world.definitions.deregister(arn("shop:3"))
    world.releases.begun[0].revision = arn("shop:4")

    assert await find_earlier(world.yard, SHOP, 1) == arn("shop:2")
    assert await find_earlier(world.yard, SHOP, 2) == arn("shop:1")
    with pytest.raises(UnknownRevisionError, match=r"2 active revisions lie before it, not 3.*--to"):
        await find_earlier(world.yard, SHOP, 3)


async def test_a_deregistered_revision_cannot_be_gone_back_to() -> None:
    world = World()
    world.definitions.add("registry.example/shop:2")
    await world.definitions.deregister(arn("shop:2"))
    with pytest.raises(UnknownRevisionError, match="shop:2 was deregistered"):
        await plan_revision(world.yard, SHOP, "shop:2", Conduct())


async def test_going_back_to_what_runs_is_nothing() -> None:
    with pytest.raises(NothingToDoError):
        await plan_revision(World().yard, SHOP, "shop:1", Conduct())


async def test_going_back_in_the_middle_of_a_rollout_must_be_meant() -> None:
    world = World()
    world.releases.begin(world.definitions.add("registry.example/shop:2"))
    with pytest.raises(BusyError):
        await plan_revision(world.yard, SHOP, "shop:1", Conduct())
    planned = await plan_revision(world.yard, SHOP, "shop:1", Conduct(supersedes=True))
    assert planned.revised.wanted.arn == arn("shop:1")


async def test_a_service_that_is_being_deleted_is_refused() -> None:
    world = World()
    world.releases.status = "DRAINING"
    with pytest.raises(ServiceGoneError, match="DRAINING"):
        await plan(world, ask())

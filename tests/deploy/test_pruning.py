"""Which old revisions go after a rollout."""

from tests.deploy.test_rollout import ask
from tests.deploy.world import World, arn
from wakeproxy.deploy.outcome import Outcome
from wakeproxy.deploy.telling import Kind
from wakeproxy.errors import AccessDeniedError


async def test_old_revisions_go_when_all_went_well_but_none_in_use() -> None:
    world = World()
    for number in range(2, 7):
        world.definitions.add(f"registry.example/old:{number}")
    world.releases.in_use = frozenset({arn("shop:3")})

    result = await world.roll_out(ask(keep_revisions=2))

    assert result.revision == arn("shop:7")
    left = await world.definitions.list_active("shop")
    assert [one.rpartition(":")[2] for one in left] == ["7", "6", "3", "1"]


async def test_without_knowing_what_is_in_use_nothing_is_tidied_up() -> None:
    world = World()
    world.definitions.add("registry.example/old:2")
    world.releases.usage_error = AccessDeniedError("ListClusters is denied.")

    result = await world.roll_out(ask(keep_revisions=1))

    assert result.outcome is Outcome.DONE
    assert len(await world.definitions.list_active("shop")) == 3
    assert world.texts(Kind.WARNING) == ["Not all old revisions of shop were deregistered: ListClusters is denied."]


async def test_what_is_few_enough_is_left_without_looking_who_uses_it() -> None:
    world = World()
    world.releases.usage_error = AccessDeniedError("ListClusters is denied.")
    await world.roll_out(ask(keep_revisions=2))
    assert not world.texts(Kind.WARNING)


async def test_all_in_use_leaves_all() -> None:
    world = World()
    world.definitions.add("registry.example/old:2")
    world.releases.in_use = frozenset({arn("shop:2")})
    await world.roll_out(ask(keep_revisions=1))
    assert not world.texts(Kind.PRUNED)


async def test_nothing_is_tidied_up_after_a_failure() -> None:
    world = World()
    await world.roll_out(ask("registry.example/shop:none", keep_revisions=1))
    assert len(await world.definitions.list_active("shop")) == 2

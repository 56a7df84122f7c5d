"""Rollouts to a service that is awake."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.deploy.world import SHOP, World, arn, document, pass_time
from tests.fakes import clock
from wakeproxy.core.edits import Edits
from wakeproxy.core.image import parse_image
from wakeproxy.core.observation import ServiceEvent
from wakeproxy.core.rollout import Aim
from wakeproxy.deploy.outcome import Outcome
from wakeproxy.deploy.request import Conduct, Request
from wakeproxy.deploy.returning import Returning
from wakeproxy.deploy.telling import Kind
from wakeproxy.errors import (
    AccessDeniedError,
    BusyError,
    FleetError,
    NothingToDoError,
    PreflightError,
    ThrottledError,
    UnknownImageError,
    UsageError,
)
from wakeproxy.ports.rollouts import Change, Finding


def ask(image: str = "registry.example/shop:2", **conduct: Any) -> Request:
    return Request(Edits(images=(parse_image(image),)), conduct=replace(Conduct(), **conduct))


async def test_an_image_is_rolled_out_and_the_desired_count_left_alone() -> None:
    world = World()

    result = await world.roll_out(ask())

    assert result.outcome is Outcome.DONE
    assert result.revision == result.stands == world.releases.revision == arn("shop:2")
    assert world.definitions.revisions[-1].images == {"web": "registry.example/shop:2"}
    assert world.releases.changes == [Change(revision=arn("shop:2"))]
    assert world.texts(Kind.PROGRESS)[0] == "0 of 2 tasks run, 2 of the former revision left"


async def test_it_takes_no_longer_than_ecs_takes_and_a_moment() -> None:
    world = World()
    began_at = clock()

    await world.roll_out(ask())

    assert timedelta(seconds=30) <= clock() - began_at <= timedelta(seconds=32)


async def test_ecs_is_asked_rarely_while_it_cannot_be_done() -> None:
    world = World()
    begun = world.releases.begun[0]
    done_at = begun.at + timedelta(seconds=30)
    world.releases.events = (ServiceEvent(done_at, f"(service shop) (deployment {begun.id}) deployment completed."),)
    began_at = clock()

    await world.roll_out(ask())

    assert world.releases.reads <= 16
    assert clock() - began_at <= timedelta(seconds=31)


async def test_a_deployment_that_ecs_does_not_show_at_once_is_waited_for() -> None:
    world = World()
    world.releases.hidden_for = timedelta(seconds=1)
    assert (await world.roll_out(ask())).outcome is Outcome.DONE


async def test_no_matching_image_registers_nothing() -> None:
    world = World()
    with pytest.raises(NothingToDoError, match=r"registry\.example/shop:1"):
        await world.roll_out(ask("registry.example/other:2"))
    assert len(world.definitions.revisions) == 1
    assert not world.releases.changes


async def test_nothing_changed_is_refused_with_what_is_there() -> None:
    world = World()
    with pytest.raises(NothingToDoError, match=r"web has registry\.example/shop:1"):
        await world.roll_out(ask("registry.example/shop:1"))


async def test_nothing_changed_is_deployed_anew_if_that_is_asked_for() -> None:
    world = World()

    result = await world.roll_out(Request(redeploys=True))

    assert result.outcome is Outcome.DONE
    assert world.releases.changes == [Change(is_forced=True)]
    assert len(world.definitions.revisions) == 1


async def test_the_desired_count_alone_is_a_change() -> None:
    world = World()
    result = await world.roll_out(Request(conduct=Conduct(desired_count=5)))
    assert result.outcome is Outcome.DONE
    assert world.releases.changes == [Change(desired_count=5)]


async def test_who_does_not_wait_is_told_that_it_goes_on() -> None:
    world = World()
    result = await world.roll_out(ask(waits=False))
    assert (result.outcome, result.exit_status) == (Outcome.STARTED, 0)
    assert world.releases.reads == 1


async def test_a_failing_image_is_given_up_early_and_explained() -> None:
    world = World()

    result = await world.roll_out(ask("registry.example/shop:none"))

    assert (result.outcome, result.exit_status) == (Outcome.FAILED, 1)
    assert "no retry can help" in result.sentence
    assert "The image cannot be pulled" in result.reasons[0]
    assert result.stands == arn("shop:2")
    assert len(world.texts(Kind.TASK_FAILED)) == 1


async def test_a_failure_is_answered_by_what_ran_before_if_that_is_asked_for() -> None:
    world = World()

    result = await world.roll_out(ask("registry.example/shop:none", rolls_back=True))

    assert result.outcome is Outcome.FAILED
    assert "shop:1 is back" in result.sentence
    assert result.stands == world.releases.revision == arn("shop:1")
    assert world.texts(Kind.ROLLED_BACK) == ["shop has shop:1 with 2 tasks"]


async def test_ecss_own_rollback_is_a_failure_and_waited_for() -> None:
    world = World()
    world.releases.breaker_after = timedelta(seconds=45)

    result = await world.roll_out(ask("registry.example/shop:none", rolls_back=True))

    assert result.outcome is Outcome.FAILED
    assert "takes its place" in result.sentence
    assert result.stands == arn("shop:1")
    assert len(world.releases.changes) == 1, "what ECS took back is not taken back again"
    assert world.texts(Kind.ROLLED_BACK)


async def test_another_rollout_in_the_middle_is_told_and_left_alone() -> None:
    world = World()
    other = world.definitions.add("registry.example/shop:3")

    rolling = asyncio.ensure_future(world.roll_out(ask(rolls_back=True)))
    await pass_time(5)
    world.releases.begin(other)
    result = await rolling

    assert result.outcome is Outcome.FAILED
    assert "another rollout replaced it by shop:2" in result.sentence
    assert result.stands == other
    assert len(world.releases.changes) == 1


async def test_the_second_of_two_is_told_of_the_first() -> None:
    world = World()
    first = asyncio.ensure_future(world.roll_out(ask()))
    await pass_time(5)

    with pytest.raises(BusyError, match=r"shop:2, deployment ecs-svc/2, 0 of 2 tasks run.*--supersede"):
        await world.roll_out(ask("registry.example/shop:3"))
    assert (await first).outcome is Outcome.DONE


async def test_the_second_may_cut_the_first_short() -> None:
    world = World()
    first = asyncio.ensure_future(world.roll_out(ask()))
    await pass_time(5)

    second = await world.roll_out(ask("registry.example/shop:3", supersedes=True))

    assert second.outcome is Outcome.DONE
    assert "another rollout replaced it" in (await first).sentence


async def test_time_that_is_up_is_a_failure_of_its_own() -> None:
    world = World()
    result = await world.roll_out(ask(timeout=timedelta(seconds=20)))
    assert (result.outcome, result.exit_status) == (Outcome.TIMED_OUT, 3)
    assert result.sentence == "it was not done in time: 0 of 2 tasks run; it goes on in ECS"


async def test_time_that_is_up_is_answered_by_what_ran_before_too() -> None:
    world = World()
    result = await world.roll_out(ask(timeout=timedelta(seconds=20), rolls_back=True))
    assert result.outcome is Outcome.TIMED_OUT
    assert result.stands == arn("shop:1")


async def test_running_it_again_goes_on_with_what_is_under_way() -> None:
    world = World()
    first = asyncio.ensure_future(world.roll_out(ask()))
    await pass_time(5)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert "ECS goes on with deployment ecs-svc/2 of shop:2" in world.texts(Kind.STANDS)[0]

    result = await world.roll_out(ask())

    assert result.outcome is Outcome.DONE
    assert len(world.definitions.revisions) == 2
    assert len(world.releases.changes) == 1


async def test_what_goes_on_is_taken_back_to_what_ran_before_it() -> None:
    world = World()
    world.releases.begin(world.definitions.add("registry.example/shop:none"))
    result = await world.roll_out(ask("registry.example/shop:none", rolls_back=True))
    assert result.stands == arn("shop:1")


async def test_a_revision_registered_by_one_cut_short_is_not_registered_again() -> None:
    world = World()
    world.definitions.add("registry.example/shop:2")

    result = await world.roll_out(ask())

    assert result.revision == arn("shop:2")
    assert len(world.definitions.revisions) == 2


async def test_lost_credentials_end_it_with_what_stands() -> None:
    world = World()
    rolling = asyncio.ensure_future(world.roll_out(ask()))
    await pass_time(5)
    world.releases.error = AccessDeniedError("The token has expired.")

    with pytest.raises(AccessDeniedError):
        await rolling
    assert "Run the same command again" in world.texts(Kind.STANDS)[0]


async def test_an_aws_that_does_not_answer_for_a_while_is_asked_again() -> None:
    world = World()
    rolling = asyncio.ensure_future(world.roll_out(ask()))
    await pass_time(5)
    world.releases.error = ThrottledError("Too fast.")
    await pass_time(60)
    world.releases.error = None

    assert (await rolling).outcome is Outcome.DONE
    assert len(world.texts(Kind.WARNING)) == 1


async def test_what_is_refused_before_anything_was_changed_says_so() -> None:
    world = World()
    world.definitions.error = FleetError("Invalid 'cpu' setting.")
    with pytest.raises(FleetError):
        await world.roll_out(ask())
    assert world.texts(Kind.STANDS) == ["Nothing was changed."]


async def test_what_tasks_would_not_find_is_told_before_anything_is_registered() -> None:
    world = World()
    world.requirements.findings = (Finding("executionRoleArn", "There is no role.", is_certain=True),)
    with pytest.raises(PreflightError, match=r"executionRoleArn: There is no role\."):
        await world.roll_out(ask())
    assert len(world.definitions.revisions) == 1


async def test_a_missing_image_has_a_status_of_its_own() -> None:
    world = World()
    world.requirements.findings = (Finding("containerDefinitions[web].image", "Push it.", is_certain=True),)
    with pytest.raises(UnknownImageError):
        await world.roll_out(ask())


async def test_what_could_not_be_looked_up_hinders_nobody() -> None:
    world = World()
    world.requirements.findings = (Finding("executionRoleArn", "It may not be read.", is_certain=False),)
    assert (await world.roll_out(ask())).outcome is Outcome.DONE
    assert world.texts(Kind.WARNING) == ["It may not be read."]


async def test_a_redeployment_that_fails_has_nothing_to_go_back_to() -> None:
    world = World()
    world.definitions.revisions[0] = replace(
        world.definitions.revisions[0], document=document("registry.example/shop:none")
    )
    request = Request(redeploys=True, conduct=Conduct(rolls_back=True, supersedes=True))

    result = await world.roll_out(request)

    assert "no other revision ran before" in result.sentence
    assert len(world.releases.changes) == 1


async def test_a_way_back_that_fails_is_told() -> None:
    world = World()
    world.definitions.revisions[0] = replace(
        world.definitions.revisions[0], document=document("registry.example/shop:none-either")
    )
    result = await world.roll_out(ask("registry.example/shop:none", rolls_back=True, supersedes=True))
    assert "the way back to shop:1 failed" in result.sentence
    assert result.outcome is Outcome.FAILED


async def test_what_took_its_place_before_the_way_back_is_left() -> None:
    world = World()
    await world.roll_out(ask())
    failed = Aim("ecs-svc/2", arn("shop:2"), clock())
    world.releases.begin(world.definitions.add("registry.example/shop:3"))

    returning = Returning(world.yard, SHOP, timedelta(minutes=5), world.told.append)
    stands, told = await returning.go_back(failed, arn("shop:1"))

    assert (stands, told) == (arn("shop:3"), "shop:3 took its place already")
    assert world.releases.revision == arn("shop:3")


async def test_a_service_that_is_deleted_meanwhile_is_not_gone_back_with() -> None:
    world = World()
    rolling = asyncio.ensure_future(world.roll_out(ask(rolls_back=True)))
    await pass_time(5)
    world.releases.status = "DRAINING"

    result = await rolling

    assert result.outcome is Outcome.FAILED
    assert "being deleted" in result.sentence
    assert len(world.releases.changes) == 1


async def test_why_tasks_failed_may_stay_unknown() -> None:
    world = World()
    world.releases.tasks_error = AccessDeniedError("ListTasks is denied.")
    result = await world.roll_out(ask("registry.example/shop:none", timeout=timedelta(minutes=1)))
    assert result.outcome is Outcome.TIMED_OUT
    assert world.texts(Kind.WARNING)[0] == "Why tasks stopped cannot be told: ListTasks is denied."


async def test_a_result_is_told_to_programs_whole() -> None:
    result = await World().roll_out(ask())
    assert result.describe() == {
        "outcome": "done",
        "revision": arn("shop:2"),
        "stands": arn("shop:2"),
        "deployment": "ecs-svc/2",
        "reasons": [],
    }


async def test_the_services_events_are_told_once_from_its_beginning_on() -> None:
    world = World()
    world.releases.events = (ServiceEvent(clock(), "(service shop) old"),)
    rolling = asyncio.ensure_future(world.roll_out(ask()))
    await pass_time(5)
    world.releases.events = (ServiceEvent(clock(), "(service shop) new"), *world.releases.events)
    await rolling
    assert world.texts(Kind.SERVICE_EVENT) == ["(service shop) new"]


async def test_a_service_that_codedeploy_rolls_out_is_refused() -> None:
    world = World()
    world.releases.controller = "CODE_DEPLOY"
    with pytest.raises(UsageError, match="CODE_DEPLOY"):
        await world.roll_out(ask())


async def test_what_crashes_without_ecs_counting_it_is_explained_in_the_middle() -> None:
    world = World()
    world.releases.stop_code = "EssentialContainerExited"
    world.releases.stopped_reason = "Essential container in task exited"
    rolling = asyncio.ensure_future(world.roll_out(ask("registry.example/shop:none", timeout=timedelta(hours=1))))
    await pass_time(60)
    assert "exited with code 1" in world.texts(Kind.TASK_FAILED)[0]
    rolling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rolling


async def test_what_ecs_gives_up_by_itself_is_left_to_it() -> None:
    world = World()
    world.releases.breaker_after = timedelta(minutes=5)
    began_at = clock()
    result = await world.roll_out(ask("registry.example/shop:none"))
    assert clock() - began_at >= timedelta(minutes=5)
    assert "takes its place" in result.sentence

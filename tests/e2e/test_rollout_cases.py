"""The benchmark of rollouts is run in a small way, so that it goes on to work."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.rollout.__main__ import CASES
from benchmarks.rollout.case import Case, Verdict, try_case
from benchmarks.rollout.tools import find_ourselves
from tests.world import World

OURS = find_ourselves()
NAMES: Sequence[str] = (
    "new tag: a digest so far",
    "a missing image, ECS rolls back",
    "asleep, an image that is missing: no success",
)


def find(what: str) -> Case:
    (found,) = (case for case in CASES if case.what == what)
    return found


def test_no_two_cases_have_the_same_name() -> None:
    assert len({case.what for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("what", NAMES)
async def test_hard_cases_are_met(world: World, what: str) -> None:
    trial = await try_case(world, OURS, find(what), is_ours=True)
    assert trial.verdict is Verdict.RIGHT, f"{trial.words}\n{trial.said}"


async def test_what_goes_wrong_is_called_wrong(world: World) -> None:
    case = replace(find("new tag: a digest so far"), ours=("--tag", "3"))
    trial = await try_case(world, OURS, case, is_ours=True)
    assert trial.verdict is Verdict.WRONG
    assert "shop has wakeproxy/hello:3" in trial.words


async def test_what_a_tool_does_not_offer_is_not_called_wrong(world: World) -> None:
    trial = await try_case(world, OURS, find("nothing to roll out"), is_ours=False)
    assert trial.verdict is Verdict.NOT_OFFERED

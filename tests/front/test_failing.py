"""When a wake fails, visitors read why in one true sentence, and nobody pays for what cannot serve."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from tests.front.conftest import BROWSER, PATIENCE, PROGRAM, Site, make_service, open_site, read
from tests.upstream.wire import Message
from wakeproxy.core.service import Service
from wakeproxy.sandbox import Fault, Sandbox

DENIED = "User: arn:aws:iam::123456789012:role/x is not authorized to perform: ecs:UpdateService"
UPDATE = "UpdateService"


@dataclass(frozen=True)
class Case:
    """What is wrong, and the words in which visitors hear of it."""

    phase: str
    sentence: str
    remedy: str
    fault: Fault | None = None
    spec: tuple[tuple[str, Any], ...] = ()


CASES = {
    "an image that is not there": Case(
        "FAILED",
        "The image cannot be pulled",
        "Push the image or correct its name",
        spec=(("image", "registry.example/no/such:1"),),
    ),
    "an app that ends again and again": Case(
        "FAILED",
        "The app stopped right after its start: container shop exited with code 3.",
        "log",
        spec=(("image", "wakeproxy/crasher"), ("environment", {"LIVE_SECONDS": "0", "EXIT_CODE": "3"})),
    ),
    "an app that needs more memory": Case(
        "FAILED",
        "it ran out of memory",
        "Give the task more memory",
        fault=Fault(kind="out_of_memory", target="apps/shop", times=None),
    ),
    "no permission": Case(
        "FAILED",
        "AWS does not allow wakeproxy to wake this service.",
        "Give wakeproxy's role the rights it needs",
        fault=Fault(kind="error", code="AccessDeniedException", message=DENIED, operation=UPDATE, times=None),
    ),
    "too many calls": Case(
        "WAKING",
        "AWS limits the rate of our calls just now.",
        "it passes by itself",
        fault=Fault(kind="throttle", operation=UPDATE, times=None),
    ),
    "AWS out of reach": Case(
        "WAKING",
        "AWS does not answer just now.",
        "Wait a little",
        fault=Fault(kind="lose_request", operation=UPDATE, times=None),
    ),
    "no capacity": Case(
        "WAKING",
        "AWS has no free Fargate capacity",
        "more availability zones",
        fault=Fault(kind="capacity", target="apps/shop", times=None),
    ),
    "a quota that is used up": Case(
        "WAKING",
        "The account's limit of Fargate vCPUs is reached.",
        "Ask for a higher Fargate quota",
        fault=Fault(kind="vcpu_limit", target="apps/shop", times=None),
    ),
}


@asynccontextmanager
async def failing(sandbox: Sandbox, case: Case, service: Service | None = None) -> AsyncIterator[Site]:
    """A front that was asked for a service in trouble, once the trouble is known."""
    sandbox.create_service("shop", **dict(case.spec))
    if case.fault:
        sandbox.faults.add(case.fault)
    shop = service or make_service("shop", hold_for=timedelta())
    async with open_site(sandbox, shop) as site:
        await site.ask("shop", "/", *BROWSER)
        await site.until("shop", lambda told: told["phase"] == case.phase and told["reason"])
        yield site


def assert_is_ours(answer: Message, phase: str) -> None:
    assert answer.status == 503
    assert answer["Cache-Control"] == "no-store"
    assert answer["Wakeproxy-Phase"] == phase
    assert 1 <= int(answer["Retry-After"]) <= 60


@pytest.mark.parametrize("name", CASES)
async def test_page_problem_and_status_give_the_reason_and_what_to_do(sandbox: Sandbox, name: str) -> None:
    case = CASES[name]
    async with failing(sandbox, case) as site:
        told = await site.status("shop")
        page = await site.ask("shop", "/", *BROWSER)
        problem = await site.ask("shop", "/api/echo", *PROGRAM)

    assert case.sentence in told["reason"]
    assert case.remedy in told["remedy"]
    assert_is_ours(page, case.phase)
    assert case.sentence in unescape(page.body.decode())
    assert "123456789012" not in page.body.decode(), "an account's number is nobody's business"
    assert_is_ours(problem, case.phase)
    assert (read(problem)["detail"], read(problem)["remedy"]) == (told["reason"], told["remedy"])


async def test_a_failed_wake_is_held_against_nobody_and_paid_by_nobody(sandbox: Sandbox) -> None:
    async with failing(sandbox, CASES["an image that is not there"]) as site:
        before = site.wakes()
        answers = [await site.ask("shop", "/", *who) for who in (BROWSER, PROGRAM) for _ in range(3)]
        async with asyncio.timeout(PATIENCE):
            while sandbox.calls[-1].operation != "DescribeServices" or sandbox.tasks("apps", "shop"):
                await asyncio.sleep(0.01)

        assert {answer["Wakeproxy-Phase"] for answer in answers} == {"FAILED"}
        assert site.wakes() == before == 1
        assert [c.params["desiredCount"] for c in sandbox.calls if c.operation == UPDATE] == [1, 0]


async def test_held_requests_end_with_the_wake_and_not_with_their_time(sandbox: Sandbox) -> None:
    sandbox.create_service("shop", image="registry.example/no/such:1")
    async with open_site(sandbox, make_service("shop", hold_for=timedelta(minutes=5))) as site:
        async with asyncio.timeout(PATIENCE):
            answer = await site.ask("shop", "/api/echo", *PROGRAM)

    assert_is_ours(answer, "FAILED")


async def test_reasons_are_not_shown_where_they_are_not_to_be(sandbox: Sandbox) -> None:
    shop = make_service("shop", hold_for=timedelta(), show_reasons=False)
    async with failing(sandbox, CASES["an image that is not there"], shop) as site:
        told = await site.status("shop")
        page = await site.ask("shop", "/", *BROWSER)
        problem = await site.ask("shop", "/", *PROGRAM)

    assert told["reason"] == read(problem)["detail"] == "It could not be started."
    assert (told["remedy"], told["cause"], told["events"]) == (None, None, [])
    for answer in (page, problem):
        assert b"cannot be pulled" not in answer.body
        assert b"registry.example" not in answer.body


async def test_a_wake_goes_on_when_its_trouble_passes(sandbox: Sandbox) -> None:
    async with failing(sandbox, CASES["too many calls"]) as site:
        sandbox.faults.clear()
        told = await site.until_phase("shop", "AWAKE")

    assert told["reason"] is None


async def test_a_service_that_does_not_exist_says_so(sandbox: Sandbox) -> None:
    sandbox.create_service("other")
    async with open_site(sandbox, make_service("shop", hold_for=timedelta())) as site:
        await site.ask("shop", "/", *BROWSER)
        told = await site.until_phase("shop", "FAILED")
        page = await site.ask("shop", "/", *BROWSER)

    assert told["reason"] == "ECS knows no such service."
    assert_is_ours(page, "FAILED")
    assert site.wakes() == 0

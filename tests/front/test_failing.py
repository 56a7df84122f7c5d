"""When a wake fails, visitors read why in one true sentence, and nobody pays for what cannot serve."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

from tests.front.conftest import BROWSER, PATIENCE, PROGRAM, Site, make_service, open_site, read
from tests.upstream.wire import Message
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
    "no-image": Case(
        "FAILED",
        "The image cannot be pulled",
        "Push the image or correct its name",
        spec=(("image", "registry.example/no/such:1"),),
    ),
    "crashing": Case(
        "FAILED",
        "The app stopped right after its start: container crashing exited with code 3.",
        "log",
        spec=(("image", "wakeproxy/crasher"), ("environment", {"LIVE_SECONDS": "0", "EXIT_CODE": "3"})),
    ),
    "hungry": Case(
        "FAILED",
        "it ran out of memory",
        "Give the task more memory",
        fault=Fault(kind="out_of_memory", target="apps/hungry", times=None),
    ),
    "denied": Case(
        "FAILED",
        "AWS does not allow wakeproxy to wake this service.",
        "Give wakeproxy's role the rights it needs",
        fault=Fault(
            kind="error",
            code="AccessDeniedException",
            message=DENIED,
            operation=UPDATE,
            target="apps/denied",
            times=None,
        ),
    ),
    "throttled": Case(
        "WAKING",
        "AWS limits the rate of our calls just now.",
        "it passes by itself",
        fault=Fault(kind="throttle", operation=UPDATE, target="apps/throttled", times=None),
    ),
    "unreachable": Case(
        "WAKING",
        "AWS does not answer just now.",
        "Wait a little",
        fault=Fault(kind="lose_request", operation=UPDATE, target="apps/unreachable", times=None),
    ),
    "homeless": Case(
        "WAKING",
        "AWS has no free Fargate capacity",
        "more availability zones",
        fault=Fault(kind="capacity", target="apps/homeless", times=None),
    ),
    "over-quota": Case(
        "WAKING",
        "The account's limit of Fargate vCPUs is reached.",
        "Ask for a higher Fargate quota",
        fault=Fault(kind="vcpu_limit", target="apps/over-quota", times=None),
    ),
}


@asynccontextmanager
async def failing(sandbox: Sandbox, *names: str, **fields: Any) -> AsyncIterator[Site]:
    """A front that was asked for services in trouble, once their troubles are known."""
    for name in names:
        sandbox.create_service(name, **dict(CASES[name].spec))
        if fault := CASES[name].fault:
            sandbox.faults.add(fault)
    services = [make_service(name, **{"hold_for": timedelta(), **fields}) for name in names]
    async with open_site(sandbox, *services) as site:
        for name in names:
            await site.ask(name, "/", *BROWSER)
        for name in names:
            await site.until(name, is_known)
        yield site


def is_known(told: Mapping[str, Any]) -> bool:
    """Whether a status is that of the trouble a service is in."""
    return told["phase"] == CASES[told["service"]].phase and told["reason"] is not None


def assert_is_ours(answer: Message, phase: str) -> None:
    assert answer.status == 503
    assert answer["Cache-Control"] == "no-store"
    assert answer["Wakeproxy-Phase"] == phase
    assert 1 <= int(answer["Retry-After"]) <= 60


async def test_page_problem_and_status_give_the_reason_and_what_to_do(sandbox: Sandbox) -> None:
    async with failing(sandbox, *CASES) as site:
        for name, case in CASES.items():
            told = await site.status(name)
            page = await site.ask(name, "/", *BROWSER)
            problem = await site.ask(name, "/api/echo", *PROGRAM)

            assert case.sentence in told["reason"]
            assert case.remedy in told["remedy"]
            assert_is_ours(page, case.phase)
            assert case.sentence in unescape(page.body.decode())
            assert "123456789012" not in page.body.decode(), "an account's number is nobody's business"
            assert_is_ours(problem, case.phase)
            assert (read(problem)["detail"], read(problem)["remedy"]) == (told["reason"], told["remedy"])


async def test_a_failed_wake_is_held_against_nobody_and_paid_by_nobody(sandbox: Sandbox) -> None:
    async with failing(sandbox, "no-image") as site:
        before = site.wakes()
        answers = [await site.ask("no-image", "/", *who) for who in (BROWSER, PROGRAM) for _ in range(3)]
        async with asyncio.timeout(PATIENCE):
            while site.counts() != [1, 0] or sandbox.tasks("apps", "no-image"):
                await asyncio.sleep(0.01)

        assert {answer["Wakeproxy-Phase"] for answer in answers} == {"FAILED"}
        assert site.wakes() == before == 1


async def test_held_requests_end_with_the_wake_and_not_with_their_time(sandbox: Sandbox) -> None:
    sandbox.create_service("shop", image="registry.example/no/such:1")
    async with open_site(sandbox, make_service("shop", hold_for=timedelta(minutes=5))) as site:
        async with asyncio.timeout(PATIENCE):
            answer = await site.ask("shop", "/api/echo", *PROGRAM)

    assert_is_ours(answer, "FAILED")


async def test_reasons_are_not_shown_where_they_are_not_to_be(sandbox: Sandbox) -> None:
    async with failing(sandbox, "no-image", show_reasons=False) as site:
        told = await site.status("no-image")
        page = await site.ask("no-image", "/", *BROWSER)
        problem = await site.ask("no-image", "/", *PROGRAM)

    assert told["reason"] == read(problem)["detail"] == "It could not be started."
    assert (told["remedy"], told["cause"], told["events"]) == (None, None, [])
    for answer in (page, problem):
        assert b"cannot be pulled" not in answer.body
        assert b"registry.example" not in answer.body


async def test_a_wake_goes_on_when_its_trouble_passes(sandbox: Sandbox) -> None:
    async with failing(sandbox, "throttled") as site:
        sandbox.faults.clear()
        told = await site.until_phase("throttled", "AWAKE")

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

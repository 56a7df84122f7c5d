"""The admin listener, before a front that runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.world import PROGRAM, Front, World, borrow_sandbox, run_front, share_sandbox, visit


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with share_sandbox() as url:
        yield url


@pytest.fixture
async def world(sandbox: str, tmp_path: Path) -> AsyncIterator[World]:
    async with borrow_sandbox(sandbox, tmp_path) as world:
        await world.create("shop")
        yield world


@pytest.fixture
async def front(world: World) -> AsyncIterator[Front]:
    async with run_front(world.configure({"shop": {"idle_after": "10m"}})) as front:
        yield front


@pytest.fixture
async def admin(front: Front) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{front.admin}") as session:
        yield session


async def _read(admin: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with admin.get(path) as answer:
        assert answer.status == 200
        told: dict[str, Any] = await answer.json()
        return told


async def test_it_is_healthy_and_ready(admin: aiohttp.ClientSession) -> None:
    for path in ("/healthz", "/readyz"):
        async with admin.get(path) as answer:
            assert answer.status == 200
            assert (await answer.json())["status"] == "ok"


async def test_it_is_ready_but_says_so_when_aws_does_not_answer(admin: aiohttp.ClientSession, world: World) -> None:
    fault = {"kind": "error", "operation": "ecs:DescribeServices", "code": "ServerException", "times": None}
    await world.control("POST", "faults", [fault])

    async with asyncio.timeout(60):
        while (told := await _read(admin, "/readyz"))["status"] == "ok":
            await asyncio.sleep(0.05)

    assert told["status"] == "degraded"
    assert "read the services of cluster apps" in told["faults"][0]


async def test_it_wakes_and_puts_to_sleep(admin: aiohttp.ClientSession, world: World, front: Front) -> None:
    async with admin.post("/api/services/shop/wake") as answer:
        assert answer.status == 202
        assert (await answer.json())["phase"] == "WAKING"
    await front.until("shop", "AWAKE")
    async with admin.post("/api/services/shop/sleep") as answer:
        assert answer.status == 202
        assert (await answer.json())["slept"] is True

    assert (await world.describe("shop"))["desiredCount"] == 0


async def test_it_lists_every_service_with_its_status(admin: aiohttp.ClientSession) -> None:
    async with admin.get("/api/services") as answer:
        [shop] = (await answer.json())["services"]
    async with admin.get("/api/services/shop") as answer:
        alone = await answer.json()

    assert (shop["service"], shop["phase"], shop["ecs"]) == ("shop", "ASLEEP", "apps/shop")
    assert alone["hosts"] == ["shop.localhost"]


async def test_an_unknown_service_is_not_found(admin: aiohttp.ClientSession) -> None:
    async with admin.post("/api/services/other/wake") as answer:
        assert answer.status == 404


async def test_a_page_of_another_site_may_not_wake(admin: aiohttp.ClientSession, world: World) -> None:
    async with admin.post("/api/services/shop/wake", headers={"Origin": "https://elsewhere.example"}) as answer:
        assert answer.status == 403

    assert (await world.calls())["UpdateService"] == 0


async def test_force_is_yes_or_no(admin: aiohttp.ClientSession) -> None:
    async with admin.post("/api/services/shop/sleep?force=yes") as answer:
        assert answer.status == 400
        assert "'yes'" in await answer.text()


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "localhost.example", "[::1", ""])
async def test_a_name_of_another_site_that_leads_here_is_not_answered(admin: aiohttp.ClientSession, host: str) -> None:
    """A page may have its own name resolve to this machine; then it asks by that name, and is of the same origin."""
    for method, path in (("GET", "/api/services"), ("POST", "/api/services/shop/wake")):
        async with admin.request(method, path, headers={"Host": host, "Origin": f"http://{host}"}) as answer:
            assert answer.status == 403


@pytest.mark.parametrize("host", ["localhost:9901", "front.localhost", "127.0.0.1", "[::1]:9901"])
async def test_this_machine_is_answered_by_all_its_names(admin: aiohttp.ClientSession, host: str) -> None:
    async with admin.get("/api/services", headers={"Host": host}) as answer:
        assert answer.status == 200


async def test_metrics_tell_every_services_phase(admin: aiohttp.ClientSession) -> None:
    async with admin.get("/metrics") as answer:
        told = await answer.text()

    assert 'wakeproxy_phase{phase="ASLEEP",service="shop"} 1.0' in told
    assert 'wakeproxy_phase{phase="AWAKE",service="shop"} 0.0' in told


async def test_metrics_tell_what_became_of_visits_and_wakes(admin: aiohttp.ClientSession, front: Front) -> None:
    async with visit() as session:
        async with session.get(front.url("shop", "/api/echo"), headers=PROGRAM) as answer:
            assert answer.status == 200
        async with session.get(front.url("other"), headers=PROGRAM) as answer:
            assert answer.status == 404
        async with admin.get("/metrics") as answer:
            told = await answer.text()
        async with admin.post("/api/services/shop/sleep?force=1") as answer:
            assert (await answer.json())["slept"] is True
        async with admin.get("/metrics") as answer:
            later = await answer.text()

    assert 'wakeproxy_requests_total{answer="proxy",code="200",service="shop"} 1.0' in told
    assert 'wakeproxy_requests_total{answer="refused",code="404",service=""} 1.0' in told
    assert 'wakeproxy_request_seconds_count{service="shop"} 1.0' in told
    assert "wakeproxy_ready_to_served_seconds_count 1.0" in told
    assert 'wakeproxy_wakes_total{outcome="awake",service="shop"} 1.0' in told
    assert 'wakeproxy_wake_seconds_count{service="shop",stage="total"} 1.0' in told
    assert 'wakeproxy_wake_seconds_count{service="shop",stage="requested"} 1.0' in told  # a quick app skips later ones
    assert 'wakeproxy_upstream_connections{service="shop"} 1.0' in told
    assert 'wakeproxy_held_requests{service="shop"} 0.0' in told
    assert "wakeproxy_visitor_connections 2.0" in told
    assert 'wakeproxy_sleeps_total{reason="asked",service="shop"} 1.0' in later


async def test_it_keeps_awake_and_no_longer(admin: aiohttp.ClientSession, front: Front, world: World) -> None:
    async with admin.post("/api/services/shop/wake"):
        await front.until("shop", "AWAKE")
    async with admin.post("/api/services/shop/keep-awake", json={"for": "2h"}) as answer:
        assert answer.status == 200
        kept = await answer.json()
    async with admin.post("/api/sweep") as answer:
        assert answer.status == 200
        [decision] = (await answer.json())["decisions"]
    async with admin.post("/api/services/shop/keep-awake", json={"clear": True}) as answer:
        cleared = await answer.json()

    assert 7190 < kept["sleeps_in_seconds"] <= 7200
    assert (kept["stays"], decision["decision"], decision["slept"]) == ("kept", "stay", False)
    assert "kept awake until" in decision["reason"]
    assert (cleared["kept_until"], cleared["stays"]) == (None, "used")
    assert (await world.describe("shop"))["desiredCount"] == 1


NO_WISHES = {
    b"": "The body is no JSON",
    b"\xff": "The body is no JSON",
    b"[" * 100_000: "The body is no JSON",
    b"[]": "does not say how long",
    b"{}": "does not say how long",
    b'{"for": 2}': "does not say how long",
    b'{"clear": false}': "does not say how long",
    b'{"for": "2h", "clear": true}': "does not say how long",
    b'{"for": "2h", "why": "a demo"}': "does not say how long",
    b'{"for": "2 hours"}': '"2 hours" is no duration',
    b'{"until": "2026-12-01T18:00"}': "has no offset",
    b'{"until": "2020-12-01T18:00Z"}': "is past",
}


async def test_a_wish_that_makes_no_sense_is_refused_with_the_remedy(admin: aiohttp.ClientSession) -> None:
    for body, sentence in NO_WISHES.items():
        async with admin.post("/api/services/shop/keep-awake", data=body) as answer:
            told = await answer.json()
        assert (answer.status, told["status"]) == (400, 400), body[:80]
        assert sentence in told["detail"]


async def test_a_sweep_tells_every_decision_and_a_dry_run_does_nothing(
    admin: aiohttp.ClientSession, world: World
) -> None:
    async with admin.post("/api/sweep?dry_run=1") as answer:
        told = await answer.json()

    [decision] = told["decisions"]
    assert told["dry_run"] is True
    assert (decision["service"], decision["decision"], decision["rule"]) == ("shop", "stay", "asleep")
    assert (decision["reason"], decision["slept"], decision["note"]) == ("already asleep", False, None)
    assert (await world.calls())["UpdateService"] == 0


async def test_a_sweep_leaves_what_cannot_be_seen_as_it_is_and_says_why(
    admin: aiohttp.ClientSession, world: World
) -> None:
    fault = {"kind": "error", "operation": "ecs:DescribeServices", "code": "ServerException", "times": None}
    await world.control("POST", "faults", [fault])
    async with admin.post("/api/sweep") as answer:
        told = await answer.json()

    [decision] = told["decisions"]
    assert (answer.status, decision["decision"]) == (200, "stay")
    assert "read the services of cluster apps" in decision["reason"]

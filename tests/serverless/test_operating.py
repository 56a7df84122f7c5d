"""Operators' routes answer whom IAM admitted, and nobody else."""

import json
from dataclasses import replace

import pytest

from tests.serverless.arrivals import PROGRAM, SIGNER, http_event, rest_event
from tests.serverless.running import ECS, SHOP, body_of, run_lambda, set_up
from wakeproxy.core.names import ServiceName
from wakeproxy.core.service import EcsService, Service
from wakeproxy.serverless.operating import Refusal

pytestmark = pytest.mark.looptime(resolution=1e-9, noop_cycles=1)

API = "a1b2c3.execute-api.eu-central-1.amazonaws.com"
DOCS = Service(ServiceName("docs"), EcsService("apps", "docs"))
WAKE = "POST /wake/{service}"


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/wake/shop", WAKE),
        ("POST", "/sleep/shop", "POST /sleep/{service}"),
        ("GET", "/status", "GET /status"),
        ("GET", "/status/shop", "GET /status/{service}"),
        ("POST", "/wake/shop", "$default"),
    ],
)
async def test_whoever_did_not_sign_is_refused(method: str, path: str, route: str) -> None:
    here = run_lambda(SHOP, DOCS)

    result = await here.ask(http_event(method, path, PROGRAM, route=route, host=API))

    assert (result["statusCode"], body_of(result)["ok"]) == (403, False)
    assert (here.fleet.scaled, here.slept, here.fleet.observed_at) == ([], [], [])


async def test_an_operator_wakes_a_service() -> None:
    here = run_lambda(SHOP, DOCS)

    result = await here.ask(http_event("POST", "/wake/shop", PROGRAM, route=WAKE, signer=SIGNER, host=API))
    again = await here.ask(rest_event("POST", "/wake/shop", signer=SIGNER, host=API))

    assert (result["statusCode"], body_of(result)["ok"], body_of(result)["phase"]) == (202, True, "WAKING")
    assert again["statusCode"] == 202
    assert here.fleet.scaled == [(ECS, 1)]


@pytest.mark.parametrize(
    ("refusal", "code", "ok", "stopped"),
    [
        (Refusal(""), 200, True, True),
        (Refusal("", was_asleep=True), 200, True, False),
        (Refusal("it is in use"), 409, False, False),
    ],
)
async def test_an_operator_puts_a_service_to_sleep(refusal: Refusal, code: int, *, ok: bool, stopped: bool) -> None:
    here = run_lambda(SHOP, DOCS, refusal=refusal)
    order = http_event("POST", "/sleep/shop", PROGRAM, route="POST /sleep/{service}", signer=SIGNER, host=API)

    result = await here.ask(order)
    forced = await here.ask({**order, "rawQueryString": "force=1"})

    told = body_of(result)
    assert (result["statusCode"], told["ok"], told["stopped"]) == (code, ok, stopped)
    assert told["reason"] == (refusal.reason or None)
    assert here.slept == [("shop", False), ("shop", True)]
    assert forced["statusCode"] == code


@pytest.mark.parametrize(
    ("query", "code", "slept"),
    [
        ("force=0", 200, [("shop", False)]),
        ("reason=force", 200, [("shop", False)]),
        ("force=yes", 400, []),
        ("force", 400, []),
        ("force=1&force=0", 400, []),
    ],
)
async def test_only_1_is_force(query: str, code: int, slept: list[tuple[str, bool]]) -> None:
    here = run_lambda(SHOP, DOCS)
    order = http_event("POST", "/sleep/shop", PROGRAM, query=query, signer=SIGNER, host=API)

    result = await here.ask(order)

    assert (result["statusCode"], here.slept) == (code, slept)
    assert code == 200 or "neither 1 nor 0" in body_of(result)["detail"]


async def test_a_sleep_that_would_outlast_the_request_is_not_begun() -> None:
    here = run_lambda(SHOP, DOCS)
    order = http_event("POST", "/sleep/shop", PROGRAM, signer=SIGNER, host=API)

    result = await here.ask(order, seconds=4.5)

    assert result["statusCode"] == 504
    assert "waits 4 s" in body_of(result)["detail"]
    assert not here.slept


async def test_an_operator_reads_statuses() -> None:
    here = run_lambda(SHOP, DOCS)
    set_up(here.fleet)

    every = await here.ask(http_event("GET", "/status", PROGRAM, route="GET /status", signer=SIGNER, host=API))
    one = await here.ask(http_event("GET", "/status/shop", PROGRAM, signer=SIGNER, host=API))

    told = {each["service"]: each["phase"] for each in body_of(every)["services"]}
    assert told == {"shop": "AWAKE", "docs": "ASLEEP"}
    assert body_of(one)["phase"] == "AWAKE"


async def test_an_unknown_service_is_told_with_those_there_are() -> None:
    here = run_lambda(SHOP, DOCS)

    result = await here.ask(http_event("POST", "/wake/shoop", PROGRAM, signer=SIGNER, host=API))

    assert result["statusCode"] == 404
    assert "there are: docs, shop." in body_of(result)["detail"]


async def test_an_apps_own_paths_stay_the_apps_on_its_own_host() -> None:
    here = run_lambda(SHOP, DOCS)

    result = await here.ask(http_event("POST", "/wake/shop", PROGRAM), seconds=1.5)

    assert result["statusCode"] == 503  # held for the moment there is
    assert result["headers"]["Wakeproxy-Service"] == "shop"


@pytest.mark.parametrize(
    "event",
    [
        http_event("POST", "/wake/shop", PROGRAM, route=WAKE, signer=SIGNER),
        rest_event("POST", "/wake/shop", resource="/wake/{service}", signer=SIGNER),
    ],
    ids=["HTTP", "REST"],
)
async def test_what_the_api_routes_as_an_order_is_one_on_every_host(event: dict[str, object]) -> None:
    here = run_lambda(SHOP, DOCS)

    assert (await here.ask(event))["statusCode"] == 202
    assert here.fleet.scaled == [(ECS, 1)]


async def test_a_service_alone_has_a_status_page_of_its_own() -> None:
    alone = replace(SHOP, hosts=())
    here = run_lambda(alone)

    visitor = await here.ask(http_event("GET", "/status", PROGRAM, host=API), seconds=1.5)

    assert visitor["headers"]["Wakeproxy-Service"] == "shop"
    assert json.loads(visitor["body"])["title"] == "The service is not awake yet"

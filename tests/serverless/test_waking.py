"""What a front's engine would go on with is gone on with by whoever looks next, and a wake stays one wake."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes import LOST_WRITE, Course, FakeEcsService, FakeFleet, MemoryLedger, Trouble, clock
from tests.serverless.arrivals import BROWSER, PROGRAM, http_event
from tests.serverless.running import ECS, NAME, SHOP, Lambda, body_of, run_lambda, set_up
from wakeproxy.core.limits import Limits
from wakeproxy.core.names import ServiceName
from wakeproxy.core.observation import Stage
from wakeproxy.core.record import Intent, PastWake, Record
from wakeproxy.core.service import EcsService, Serve, Service
from wakeproxy.errors import AccessDeniedError, FleetError, LedgerError, ThrottledError

pytestmark = pytest.mark.looptime(resolution=1e-9, noop_cycles=1)

LED = replace(SHOP, serve=Serve.REDIRECT)
VISIT, CALL = http_event("GET", "/", BROWSER), http_event("GET", "/api", PROGRAM)
STATUS = http_event("GET", "/.wakeproxy/status", PROGRAM)
CRASHING = Course(addressed=1.0, pulling=1.0, starting=2.0, running=3.0, listening=60.0, ends=5.0)


async def poll_until(here: Lambda, phase: str, *, tries: int = 60) -> list[str]:
    """Ask for the status once a second, as the page does, until the phase is there."""
    seen = []
    for _ in range(tries):
        seen.append(body_of(await here.ask(STATUS))["phase"])
        if seen[-1] == phase:
            return seen
        await asyncio.sleep(1)
    raise AssertionError(seen)


async def test_two_at_once_claim_one_wake() -> None:
    fleet, ledger = FakeFleet({ECS: FakeEcsService(ECS)}), MemoryLedger(latency=0.01)
    one, other = (run_lambda(LED, fleet=fleet, ledger=ledger) for _ in range(2))

    answers = await asyncio.gather(one.ask(VISIT), other.ask(VISIT), one.ask(CALL), other.ask(CALL))

    assert [answer["statusCode"] for answer in answers] == [503, 503, 307, 307]
    assert fleet.scaled == [(ECS, 1)]
    assert ledger.records[NAME].generation == 1


async def test_the_page_is_followed_until_the_app_answers_and_the_wake_is_written_down() -> None:
    here = run_lambda(LED)
    await here.ask(VISIT)

    seen = await poll_until(here, "AWAKE")

    assert set(seen) == {"WAKING", "AWAKE"}
    assert here.fleet.scaled == [(ECS, 1)]
    (wake,) = here.ledger.history[NAME]
    assert wake.failure is None
    assert [stage for stage, _ in wake.stages] == [
        Stage.REQUESTED,
        Stage.PROVISIONING,
        Stage.PULLING,
        Stage.STARTING,
        Stage.RUNNING,
        Stage.ANSWERING,
    ]
    assert here.record.ready == (here.fleet.services[ECS].tasks[0].arn,)
    await here.ask(STATUS)
    assert here.ledger.history[NAME] == [wake]


async def test_a_wake_that_nobody_followed_teaches_nothing() -> None:
    here = run_lambda(LED)
    await here.ask(VISIT)
    await asyncio.sleep(600)

    assert (await here.ask(CALL))["statusCode"] == 307
    assert NAME not in here.ledger.history


async def test_what_aws_does_not_show_yet_is_waking_all_the_same() -> None:
    here = run_lambda(LED)
    here.fleet.lag = timedelta(seconds=4)
    await here.ask(VISIT)

    assert body_of(await here.ask(STATUS))["phase"] == "WAKING"
    assert here.fleet.scaled == [(ECS, 1)]


async def test_a_call_that_was_lost_is_made_again_by_whoever_asks_how_it_stands() -> None:
    here = run_lambda(LED)
    here.fleet.scale_troubles = iter([LOST_WRITE])
    await here.ask(VISIT)

    await poll_until(here, "AWAKE")

    assert here.fleet.scaled == [(ECS, 1), (ECS, 1)]
    assert here.record.generation == 1


async def test_what_is_set_back_again_and_again_is_not_fought_for_ever() -> None:
    here = run_lambda(LED)
    here.fleet.scale_troubles = iter([LOST_WRITE] * 100)
    await here.ask(VISIT)

    await poll_until(here, "ASLEEP")

    assert 3 <= len(here.fleet.scaled) <= 6  # every five seconds for half a minute


async def test_a_function_stopped_between_claim_and_call_is_made_good() -> None:
    here = run_lambda(LED)
    await here.claims.claim_wake(NAME)

    await poll_until(here, "AWAKE")

    assert here.fleet.scaled == [(ECS, 1)]


async def test_a_call_that_is_throttled_is_made_again_at_once() -> None:
    here = run_lambda(LED)
    here.fleet.scale_troubles = iter([Trouble(ThrottledError("Rate exceeded")), Trouble(ThrottledError("again"))])

    result = await here.ask(VISIT)

    assert result["headers"]["Wakeproxy-Phase"] == "WAKING"
    assert len(here.fleet.scaled) == 3
    assert here.fleet.services[ECS].desired == 1


@pytest.mark.parametrize(("event", "kind"), [(VISIT, "text/html; charset=utf-8"), (CALL, "application/problem+json")])
async def test_a_refusal_that_will_stay_one_is_told(event: dict[str, object], kind: str) -> None:
    here = run_lambda(LED)
    here.fleet.scale_troubles = iter([Trouble(AccessDeniedError("not authorized"))])

    result = await here.ask(event)

    assert (result["statusCode"], result["headers"]["Content-Type"]) == (503, kind)
    assert result["headers"]["Wakeproxy-Phase"] == "FAILED"
    assert "AWS does not allow wakeproxy to wake this service." in result["body"].replace("&#39;", "'")


async def test_a_hopeless_wake_is_given_back_once_and_told() -> None:
    here = run_lambda(LED)
    here.fleet.services[ECS].course = CRASHING
    await here.ask(VISIT)

    await poll_until(here, "FAILED")

    assert here.fleet.scaled == [(ECS, 1), (ECS, 0)]
    (wake,) = here.ledger.history[NAME]
    assert wake.failure is not None
    told = body_of(await here.ask(STATUS))
    assert (told["phase"], told["reason"]) == ("FAILED", wake.failure)
    assert told["retry_in_seconds"] > 0
    assert (await here.ask(VISIT))["headers"]["Wakeproxy-Phase"] == "FAILED"
    assert here.fleet.scaled == [(ECS, 1), (ECS, 0)]


async def test_a_click_does_not_wake_before_a_failed_wake_may_be_tried_again() -> None:
    here = run_lambda(LED)
    ended = clock() - timedelta(seconds=1)
    here.ledger.history[NAME] = [PastWake(ended - timedelta(seconds=9), ended, failure="It failed.")]
    click = http_event("POST", "/.wakeproxy/wake", {**PROGRAM, "sec-fetch-site": "same-origin"})

    assert body_of(await here.ask(click))["phase"] == "FAILED"
    assert not here.fleet.scaled
    await asyncio.sleep(30)
    assert body_of(await here.ask(click))["phase"] == "WAKING"


# A visit against a sleep.


async def test_a_visit_takes_back_a_sleep_that_was_claimed() -> None:
    here = run_lambda(LED)
    set_up(here.fleet)
    long_ago = clock() - timedelta(hours=1)
    here.ledger.records[NAME] = judged = Record(1, Intent.AWAKE, claimed_at=long_ago, last_used_at=long_ago)
    sleeping = asyncio.ensure_future(here.claims.sleep(LED, judged))
    await asyncio.sleep(1)

    result = await here.ask(CALL)

    assert result["statusCode"] == 307
    assert not await sleeping
    assert here.fleet.services[ECS].desired == 1
    assert here.record.intent is Intent.AWAKE


async def test_uses_are_told_at_once_and_then_once_an_interval() -> None:
    here = run_lambda(LED, flush_interval=timedelta(seconds=10))
    set_up(here.fleet)
    here.ledger.records[NAME] = Record(1, Intent.AWAKE, claimed_at=clock() - timedelta(hours=1))

    for _ in range(5):
        await here.ask(CALL)
    assert here.ledger.calls["note_use"] == 1
    await asyncio.sleep(10)
    await here.ask(CALL)
    assert here.ledger.calls["note_use"] == 2
    assert here.record.last_used_at is not None
    assert clock() - here.record.last_used_at < timedelta(seconds=1)


async def test_a_request_that_is_held_is_use_all_the_time() -> None:
    here = run_lambda(LED, flush_interval=timedelta(seconds=5))
    here.fleet.services[ECS].course = Course(listening=1e9)

    await here.ask(CALL)

    assert here.ledger.calls["note_use"] == 5  # at its beginning, and every five seconds of its 25
    assert here.record.last_used_at is not None
    assert clock() - here.record.last_used_at < timedelta(seconds=5)
    await asyncio.sleep(60)
    assert here.ledger.calls["note_use"] == 5


async def test_a_machine_is_no_use() -> None:
    here = run_lambda(LED)
    set_up(here.fleet)
    here.ledger.records[NAME] = Record(1, Intent.AWAKE, claimed_at=clock() - timedelta(hours=1))

    await here.ask(http_event("GET", "/", {"user-agent": "Googlebot/2.1"}))

    assert here.ledger.calls["note_use"] == 0


# What cannot be reached.


async def test_without_the_ledger_what_is_awake_is_served_and_what_sleeps_is_woken() -> None:
    here = run_lambda(LED, ledger=MemoryLedger(error=LedgerError("it is gone")))

    assert (await here.ask(CALL))["statusCode"] == 307
    assert here.fleet.scaled == [(ECS, 1)]
    assert (await here.ask(CALL))["statusCode"] == 307
    assert here.fleet.scaled == [(ECS, 1)]


async def test_without_aws_what_was_awake_is_served_from_its_last_address() -> None:
    here = run_lambda(LED)
    set_up(here.fleet)
    assert (await here.ask(CALL))["statusCode"] == 307
    here.fleet.observe_troubles = iter([FleetError("AWS is gone")] * 3)
    began = clock()

    assert (await here.ask(CALL))["statusCode"] == 307
    assert clock() - began < timedelta(seconds=0.1)


async def test_without_aws_nobody_is_told_that_it_sleeps_well() -> None:
    here = run_lambda(LED, limits=Limits())
    here.fleet.observe_troubles = iter([FleetError("AWS is gone")] * 50)

    told = body_of(await here.ask(STATUS))

    assert (told["phase"], told["cause"]) == ("ASLEEP", "aws_unreachable")
    assert (await here.ask(VISIT))["headers"]["Wakeproxy-Phase"] == "WAKING"


# Bounds, and needs.


async def test_no_more_wakes_begin_within_a_minute_than_are_allowed() -> None:
    others = [replace(LED, name=ServiceName(name), ecs=EcsService("apps", name), hosts=()) for name in ("a", "b", "c")]
    here = run_lambda(*others, limits=Limits(wakes_per_minute=2))

    codes = [(await here.ask(http_event("GET", f"/{one.name}/", BROWSER)))["statusCode"] for one in others]

    assert codes == [503, 503, 429]
    await asyncio.sleep(60)
    assert (await here.ask(http_event("GET", "/c/", BROWSER)))["statusCode"] == 503
    assert len(here.fleet.scaled) == 3


async def test_no_more_services_are_awake_than_are_allowed() -> None:
    docs = replace(LED, name=ServiceName("docs"), ecs=EcsService("apps", "docs"), hosts=())
    here = run_lambda(LED, docs, limits=Limits(awake_services=1))
    await here.ask(VISIT)

    assert (await here.ask(http_event("GET", "/docs/", BROWSER, host="any.example.com")))["statusCode"] == 429
    assert here.fleet.scaled == [(ECS, 1)]


async def test_what_a_service_needs_is_woken_along_shown_and_used() -> None:
    database = Service(ServiceName("shop-db"), EcsService("apps", "shop-db"))
    here = run_lambda(replace(LED, needs=(database.name,)), database)

    page = (await here.ask(VISIT))["body"]

    assert "shop-db" in page
    assert sorted(here.fleet.scaled) == [(ECS, 1), (database.ecs, 1)]
    (need,) = body_of(await here.ask(STATUS))["needs"]
    assert (need["service"], need["phase"], need["required"]) == ("shop-db", "WAKING", True)
    assert here.ledger.records[database.name].intent is Intent.AWAKE

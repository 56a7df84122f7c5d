"""Who asks gets from a Lambda what he would get from a front: the table of the visitor's HTTP, row by row."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes import Course, FakeFleet, MemoryLedger, clock
from tests.serverless.arrivals import BROWSER, PROGRAM, balancer_event, http_event, rest_event
from tests.serverless.running import NAME, SHOP, body_of, run_lambda, set_up
from wakeproxy.core.names import ServiceName
from wakeproxy.core.record import Intent, PastWake, Record
from wakeproxy.core.service import Serve, Service, Wait, WakeOn

pytestmark = pytest.mark.looptime(resolution=1e-9, noop_cycles=1)

LED = replace(SHOP, serve=Serve.REDIRECT)
PAGE, PROBLEM, LED_ON, NOTHING = "text/html; charset=utf-8", "application/problem+json", "redirect", ""
JSON_TYPE, TEXT = "application/json", "text/plain; charset=utf-8"
NEVER = Course(listening=1e9)

VISITS: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "person": ("GET", "/cart", BROWSER),
    "program": ("GET", "/api", PROGRAM),
    "post": ("POST", "/api", PROGRAM),
    "image": ("GET", "/a.png", {**BROWSER, "sec-fetch-mode": "no-cors"}),
    "head": ("HEAD", "/", BROWSER),
    "options": ("OPTIONS", "/", PROGRAM),
    "prefetch": ("GET", "/", {**BROWSER, "sec-purpose": "prefetch"}),
    "robots": ("GET", "/robots.txt", PROGRAM),
    "favicon": ("GET", "/favicon.ico", {**BROWSER, "sec-fetch-mode": "no-cors"}),
    "crawler": ("GET", "/", {"user-agent": "Googlebot/2.1", "accept": "text/html"}),
}
REAL = ("person", "program", "post", "image")
REFUSED = {"head": (503, PROBLEM), "options": (503, PROBLEM), "prefetch": (503, PROBLEM), "crawler": (503, PROBLEM)}
MACHINES = {**REFUSED, "robots": (200, TEXT), "favicon": (204, NOTHING)}
ASLEEP = {"person": (503, PAGE), "program": (307, LED_ON), "post": (307, LED_ON), "image": (307, LED_ON), **MACHINES}
AWAKE = dict.fromkeys(VISITS, (307, LED_ON))
NOT_IN_TIME = {"person": (503, PAGE), **dict.fromkeys(REAL[1:], (503, PROBLEM)), **MACHINES}


def asleep(fleet: FakeFleet, ledger: MemoryLedger) -> None:
    """Leave it as it is."""
    del fleet, ledger


def awake(fleet: FakeFleet, ledger: MemoryLedger) -> None:
    ledger.records[NAME] = Record(1, Intent.AWAKE, claimed_at=clock() - timedelta(hours=1))
    set_up(fleet)


def never_up(fleet: FakeFleet, ledger: MemoryLedger) -> None:
    del ledger
    fleet.services[SHOP.ecs].course = NEVER


def failed(fleet: FakeFleet, ledger: MemoryLedger) -> None:
    del fleet
    wake = PastWake(clock() - timedelta(seconds=20), clock() - timedelta(seconds=10), failure="The image is gone.")
    ledger.history[NAME] = [wake]


WAKING = "WAKING"
TABLE = [
    ("asleep", asleep, LED, ASLEEP, {"person", "program", "post", "image"}),
    ("awake", awake, LED, AWAKE, set()),
    ("never up", never_up, LED, NOT_IN_TIME, {"person", "program", "post", "image"}),
    ("failed a moment ago", failed, LED, NOT_IN_TIME, set()),
    ("asleep, woken by a click", asleep, replace(LED, wake_on=WakeOn.CLICK), NOT_IN_TIME, set()),
    ("asleep, without pages", asleep, replace(LED, wait=Wait.HOLD), {**ASLEEP, "person": (307, LED_ON)}, {*REAL}),
]
ROWS = [(*row[:3], who, expected, who in row[4]) for row in TABLE for who, expected in row[3].items()]


def kind_of(result: Mapping[str, Any]) -> str:
    headers = result["headers"]
    return LED_ON if "Location" in headers else headers.get("Content-Type", NOTHING)


@pytest.mark.parametrize(
    ("prepare", "service", "who", "expected", "wakes"),
    [row[1:] for row in ROWS],
    ids=[f"{row[0]}: {row[3]}" for row in ROWS],
)
async def test_the_answer_is_the_fronts(
    prepare: Any, service: Service, who: str, expected: tuple[int, str], *, wakes: bool
) -> None:
    here = run_lambda(service)
    prepare(here.fleet, here.ledger)
    method, path, fields = VISITS[who]

    result = await here.ask(http_event(method, path, fields))

    assert (result["statusCode"], kind_of(result)) == expected
    assert here.fleet.scaled == ([(service.ecs, 1)] if wakes else [])
    headers = result["headers"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Wakeproxy-Service"] == "shop"
    assert ("Retry-After" in headers) is (result["statusCode"] == 503)


async def test_a_redirect_keeps_path_and_query_as_they_came() -> None:
    here = run_lambda(LED)
    awake(here.fleet, here.ledger)

    result = await here.ask(http_event("GET", "/a b/ü", BROWSER, query="x=%20&y"))

    assert result["headers"]["Location"] == "http://10.0.0.1:8080/a%20b/%C3%BC?x=%20&y"


async def test_a_redirect_leads_where_the_service_is_said_to_be_found() -> None:
    here = run_lambda(replace(LED, redirect_to="https://app.example.com"))
    awake(here.fleet, here.ledger)

    assert (await here.ask(http_event("GET", "/x", PROGRAM)))["headers"]["Location"] == "https://app.example.com/x"


async def test_a_page_asks_instead_of_listening() -> None:
    here = run_lambda(LED)

    page = (await here.ask(http_event("GET", "/", BROWSER)))["body"]

    assert '"base":"","streams":false' in page


async def test_a_hold_ends_before_the_function_does() -> None:
    here = run_lambda(LED)
    never_up(here.fleet, here.ledger)
    began = clock()

    result = await here.ask(http_event("GET", "/api", PROGRAM), seconds=9)

    assert result["statusCode"] == 503
    assert timedelta(seconds=7) < clock() - began < timedelta(seconds=9)
    assert body_of(result)["phase"] == WAKING


async def test_an_error_names_its_request() -> None:
    here = run_lambda(LED)
    failed(here.fleet, here.ledger)

    result = await here.ask(http_event("GET", "/api", PROGRAM))

    assert result["headers"]["Wakeproxy-Request-Id"] == "1-2-3"
    assert body_of(result)["request_id"] == "1-2-3"
    assert body_of(result)["reason"] == "The image is gone."


async def test_nobody_is_served_under_a_host_and_a_name_that_are_nobodys() -> None:
    here = run_lambda(LED)

    person = await here.ask(http_event("GET", "/elsewhere", BROWSER, host="other.example.com"))
    program = await here.ask(http_event("GET", "/elsewhere", PROGRAM, host="other.example.com"))

    assert (person["statusCode"], kind_of(person)) == (404, PAGE)
    assert (program["statusCode"], kind_of(program)) == (404, PROBLEM)
    assert not here.fleet.observed_at


@pytest.mark.parametrize("make", [http_event, rest_event, balancer_event], ids=["HTTP", "REST", "balancer"])
async def test_whoever_calls_gets_an_answer_in_his_form(make: Any) -> None:
    here = run_lambda(LED)

    result = await here.ask(make("GET", "/robots.txt"))

    assert result["statusCode"] == 200
    assert ("multiValueHeaders" in result) is (make is rest_event)
    assert ("statusDescription" in result) is (make is balancer_event)


@pytest.mark.parametrize("event", [{"source": "aws.events"}, None, [], http_event(host="")])
async def test_what_is_no_request_gets_an_answer_that_says_so(event: Any) -> None:
    result = await run_lambda(LED).ask(event)

    assert result["statusCode"] == 400
    assert body_of(result)["status"] == 400


# By name, on a host that is nobody's.

NAMED = replace(LED, hosts=())
OTHER = replace(NAMED, name=ServiceName("docs"), ecs=replace(LED.ecs, service="docs"))


async def test_a_service_is_reached_by_its_name_which_the_app_does_not_see() -> None:
    here = run_lambda(NAMED, OTHER)
    awake(here.fleet, here.ledger)

    result = await here.ask(http_event("GET", "/shop/cart", BROWSER, query="id=1", host="any.example.com"))

    assert result["headers"]["Location"] == "http://10.0.0.1:8080/cart?id=1"


async def test_a_name_without_a_slash_leads_to_the_one_with_it() -> None:
    here = run_lambda(NAMED, OTHER)

    result = await here.ask(http_event("GET", "/prod/shop", BROWSER, query="a", stage="prod", host="any.example.com"))

    assert (result["statusCode"], result["headers"]["Location"]) == (308, "/prod/shop/?a")


async def test_what_a_page_asks_for_stands_below_the_name() -> None:
    here = run_lambda(NAMED, OTHER)

    page = (await here.ask(http_event("GET", "/prod/shop/", BROWSER, stage="prod", host="any.example.com")))["body"]
    told = await here.ask(http_event("GET", "/prod/shop/.wakeproxy/status", PROGRAM, stage="prod"))

    assert '"base":"/prod/shop"' in page
    assert 'action="/prod/shop/.wakeproxy/wake"' in page
    assert (body_of(told)["service"], body_of(told)["phase"]) == ("shop", WAKING)


async def test_one_service_alone_needs_no_name() -> None:
    here = run_lambda(NAMED)
    awake(here.fleet, here.ledger)

    result = await here.ask(http_event("GET", "/shop/cart", BROWSER, host="any.example.com"))

    assert result["headers"]["Location"] == "http://10.0.0.1:8080/shop/cart"


# Our own prefix.


async def test_a_status_is_told_and_wakes_nothing() -> None:
    here = run_lambda(LED)

    result = await here.ask(http_event("GET", "/.wakeproxy/status", PROGRAM))

    assert (result["statusCode"], result["headers"]["Content-Type"]) == (200, JSON_TYPE)
    assert (body_of(result)["phase"], body_of(result)["ready"]) == ("ASLEEP", False)
    assert not here.fleet.scaled
    assert not here.ledger.records


async def test_a_click_wakes_and_leads_back() -> None:
    here = run_lambda(replace(LED, wake_on=WakeOn.CLICK))
    form = {**BROWSER, "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}

    script = await here.ask(http_event("POST", "/.wakeproxy/wake", {**PROGRAM, "sec-fetch-site": "same-origin"}))
    by_form = await here.ask(http_event("POST", "/.wakeproxy/wake", form, body="next=%2Fcart%3Fid%3D1"))

    assert (script["statusCode"], body_of(script)["phase"]) == (202, WAKING)
    assert (by_form["statusCode"], by_form["headers"]["Location"]) == (303, "/cart?id=1")
    assert here.fleet.scaled == [(LED.ecs, 1)]


async def test_a_foreign_page_wakes_nothing() -> None:
    here = run_lambda(LED)

    result = await here.ask(http_event("POST", "/.wakeproxy/wake", {**PROGRAM, "sec-fetch-site": "cross-site"}))

    assert result["statusCode"] == 403
    assert not here.fleet.scaled


async def test_a_visitor_keeps_awake_what_he_may() -> None:
    here = run_lambda(replace(LED, keep_awake_for=timedelta(hours=2)))
    awake(here.fleet, here.ledger)

    result = await here.ask(http_event("POST", "/.wakeproxy/keep-awake", {**PROGRAM, "sec-fetch-site": "same-origin"}))

    assert result["statusCode"] == 202
    assert here.record.awake_until is not None
    assert timedelta(hours=1, minutes=59) < here.record.awake_until - clock() <= timedelta(hours=2)
    assert body_of(result)["kept_until"] == here.record.awake_until.isoformat()


async def test_events_cannot_be_followed_and_other_pages_are_none() -> None:
    here = run_lambda(LED)

    for path in ("events", "elsewhere", "keep-awake"):
        assert (await here.ask(http_event("GET", f"/.wakeproxy/{path}", PROGRAM)))["statusCode"] == 404


async def test_the_page_about_a_service_is_the_fronts() -> None:
    here = run_lambda(LED)
    awake(here.fleet, here.ledger)

    result = await here.ask(http_event("GET", "/.wakeproxy/", BROWSER))

    assert (result["statusCode"], kind_of(result)) == (200, PAGE)

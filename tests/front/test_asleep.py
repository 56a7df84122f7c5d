"""Who asks for a service that is not awake gets the answer made for him."""

import asyncio
import re
from datetime import timedelta

from tests.front.conftest import AGENT, BROWSER, PROGRAM, Site, make_service, open_site, read
from wakeproxy.core.service import IgnoreRules, Wait, WakeOn
from wakeproxy.sandbox import Fault, Sandbox

NO_CAPACITY = Fault(kind="capacity", target="apps/*", times=None)
"""Keeps every service from waking, for as long as it is in force."""


async def test_a_navigation_gets_the_wait_page_and_wakes(site: Site) -> None:
    answer = await site.ask("shop", "/some/path?x=1", *BROWSER)

    assert answer.status == 503
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert (answer["Wakeproxy-Phase"], answer["Wakeproxy-Service"]) == ("WAKING", "shop")
    assert answer["Server"] == "wakeproxy"
    await site.until_phase("shop", "AWAKE")
    assert site.wakes() == 1


async def test_the_wait_page_allows_nothing_but_its_own_script_and_style(site: Site) -> None:
    first, second = [await site.ask("shop", "/", *BROWSER) for _ in range(2)]

    policy = first["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]{16,})'", policy)
    assert nonce
    assert policy.startswith("default-src 'none'; ")
    assert f'nonce="{nonce[1]}"'.encode() in first.body
    assert policy != second["Content-Security-Policy"]


NO_PAGE_READERS = {
    "API": PROGRAM,
    "script": ("Accept: */*", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script", AGENT),
    "fetch": ("Accept: text/html", "Sec-Fetch-Mode: cors", AGENT),
    "image": ("Accept: image/avif,image/webp", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image", AGENT),
    "curl": ("User-Agent: curl/8.5", "Accept: */*"),
}


async def test_who_cannot_read_a_page_is_held_and_gets_the_app(site: Site) -> None:
    answers = await asyncio.gather(
        *(site.ask("shop", f"/api/echo?{who}", *NO_PAGE_READERS[who]) for who in NO_PAGE_READERS)
    )

    for who, answer in zip(NO_PAGE_READERS, answers, strict=True):
        assert answer.status == 200, who
        assert read(answer)["query"] == who
        assert 0 < float(answer["Wakeproxy-Cold-Start"]) < 20
    assert site.wakes() == 1


async def test_a_held_request_keeps_method_path_query_fields_and_body(site: Site) -> None:
    answer = await site.ask(
        "shop",
        "/api/echo?x=1&y=%2F",
        *PROGRAM,
        "Content-Type: text/odd",
        "X-Own: kept",
        method="POST",
        body=b"kept too",
    )

    told = read(answer)
    assert (told["method"], told["query"], told["body"]) == ("POST", "x=1&y=%2F", "kept too")
    assert ["X-Own", "kept"] in told["headers"]
    assert ["Content-Type", "text/odd"] in told["headers"]
    assert ["Host", "shop.test"] in told["headers"]


async def test_a_cors_preflight_is_held(site: Site) -> None:
    answer = await site.ask(
        "shop",
        "/api/echo",
        *PROGRAM,
        "Origin: http://else.test",
        "Access-Control-Request-Method: PUT",
        method="OPTIONS",
    )

    assert answer.status == 200
    assert read(answer)["method"] == "OPTIONS"


async def test_a_websocket_is_held_and_opens(sandbox: Sandbox) -> None:
    sandbox.create_service("live", image="wakeproxy/live")
    async with open_site(sandbox, make_service("live")) as site, site.dial() as line:
        key = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        await line.say(site.request("live", "/ws", *PROGRAM, "Connection: Upgrade", "Upgrade: websocket", *key))
        answer = await line.hear()

    assert answer.status == 101
    assert answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert float(answer["Wakeproxy-Cold-Start"]) > 0


async def test_a_hold_that_takes_too_long_ends_in_a_problem_a_program_can_read(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(NO_CAPACITY)
    async with open_site(sandbox, make_service("shop", hold_for=timedelta(milliseconds=200))) as site:
        answer = await site.ask("shop", "/api/echo")

    assert answer.status == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert (answer["Wakeproxy-Phase"], answer["Wakeproxy-Service"]) == ("WAKING", "shop")
    told = read(answer)
    assert (told["status"], told["service"], told["phase"]) == (503, "shop", "WAKING")
    assert answer["Retry-After"] == str(told["retry_after"])


IGNORED = {
    "HEAD": ("HEAD", "/", BROWSER),
    "OPTIONS that is no preflight": ("OPTIONS", "/", PROGRAM),
    "prefetch": ("GET", "/", (*BROWSER, "Sec-Purpose: prefetch;prerender")),
    "older prefetch": ("GET", "/", (*BROWSER, "Purpose: prefetch")),
    "oldest prefetch": ("GET", "/", (*BROWSER, "X-Moz: prefetch")),
    "load balancer": ("GET", "/", ("User-Agent: ELB-HealthChecker/2.0",)),
    "crawler": ("GET", "/", ("User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1)", "Accept: text/html")),
    "link preview": ("GET", "/", ("User-Agent: Slackbot-LinkExpanding 1.0",)),
    "no user agent": ("GET", "/", ("Accept: text/html",)),
    "scanner": ("GET", "/wp-login.php", BROWSER),
    "touch icon": ("GET", "/apple-touch-icon-precomposed.png", BROWSER),
    "well known": ("GET", "/.well-known/security.txt", BROWSER),
    "own path": ("GET", "/quiet?x", PROGRAM),
    "own agent": ("GET", "/", ("User-Agent: Checker/3", "Accept: */*")),
}


async def test_what_is_nobodys_visit_wakes_nothing(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    ignore = IgnoreRules(paths=("/quiet",), user_agents=("checker/*",))
    async with open_site(sandbox, make_service("shop", ignore=ignore)) as site:
        for who, (method, target, fields) in IGNORED.items():
            answer = await site.ask("shop", target, *fields, method=method)
            assert answer.status == 503, who
            assert answer["Content-Type"] == "application/problem+json", who
            assert answer["Wakeproxy-Phase"] == "ASLEEP", who
            assert "Retry-After" in answer, who

        assert site.wakes() == 0


async def test_robots_are_told_to_stay_away_and_icons_that_there_is_none(site: Site) -> None:
    robots = await site.ask("shop", "/robots.txt", *BROWSER)
    icon = await site.ask("shop", "/favicon.ico", *BROWSER)

    assert (robots.status, robots.body) == (200, b"User-agent: *\nDisallow: /\n")
    assert icon.status == 204
    assert robots["Cache-Control"] == icon["Cache-Control"] == "no-store"
    assert site.wakes() == 0


async def test_wait_page_shows_it_to_browsers_only(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(NO_CAPACITY)
    shop = make_service("shop", wait=Wait.PAGE, hold_for=timedelta())
    async with open_site(sandbox, shop) as site:
        assert (await site.ask("shop", "/", *BROWSER))["Content-Type"].startswith("text/html")
        assert (await site.ask("shop", "/", *PROGRAM))["Content-Type"] == "application/problem+json"


async def test_wait_hold_holds_browsers_too(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, make_service("shop", wait=Wait.HOLD)) as site:
        answer = await site.ask("shop", "/", *BROWSER)

    assert answer.status == 200
    assert "Wakeproxy-Cold-Start" in answer


async def test_where_a_click_wakes_a_visit_only_asks(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, make_service("shop", wake_on=WakeOn.CLICK)) as site:
        page = await site.ask("shop", "/", *BROWSER)
        problem = await site.ask("shop", "/", *PROGRAM)
        assert site.wakes() == 0

        pressed = await site.ask("shop", "/.wakeproxy/wake", *PROGRAM, method="POST")
        await site.until_phase("shop", "AWAKE")

        assert (await site.ask("shop", "/", *BROWSER)).status == 200

    assert (page.status, page["Wakeproxy-Phase"]) == (503, "ASLEEP")
    assert b'action="/.wakeproxy/wake"' in page.body
    assert problem.status == 503
    assert read(problem)["remedy"] == "Open it in a browser and wake it there."
    assert pressed.status == 202
    assert site.wakes() == 1


async def test_only_a_request_that_waited_says_so(site: Site) -> None:
    await site.wake("shop")

    assert "Wakeproxy-Cold-Start" not in await site.ask("shop", "/api/echo")

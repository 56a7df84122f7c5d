"""``GET /.wakeproxy/`` and its button: what is told of a service's stay, and how visitors have a say."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.front.conftest import BROWSER, PROGRAM, Site, limits, make_service, open_site, read
from tests.upstream.wire import read_head
from wakeproxy.core.service import IdlePolicy
from wakeproxy.sandbox import Sandbox
from wakeproxy.settings import WatchSettings

FORM = "Content-Type: application/x-www-form-urlencoded"
HOURS = timedelta(hours=2)
KEPT = make_service("shop", keep_awake_for=HOURS)


def words(body: bytes) -> str:
    return re.sub(r"<[^>]+>", " ", body.decode())


async def keep(site: Site, *fields: str, name: str = "shop", query: str = "", body: bytes = b"") -> int:
    target = f"/.wakeproxy/keep-awake{query}"
    return (await site.ask(name, target, *(fields or PROGRAM), method="POST", body=body)).status


async def test_the_page_tells_how_a_service_stands_and_wakes_nothing(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, KEPT) as site:
        answer = await site.ask("shop", "/.wakeproxy/", *BROWSER)
        head = await site.ask("shop", "/.wakeproxy/", *BROWSER, method="HEAD")

        assert (answer.status, answer["Cache-Control"]) == (200, "no-store")
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert "script-src 'nonce-" in answer["Content-Security-Policy"]
        assert (answer["Wakeproxy-Phase"], answer["Wakeproxy-Service"]) == ("ASLEEP", "shop")
        assert "shop is asleep" in words(answer.body)
        assert (head.status, head.body) == (200, b"")
        assert site.wakes() == 0


async def test_status_tells_why_a_service_stays_and_for_how_long(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    idle = IdlePolicy(idle_after=timedelta(minutes=5), min_awake=timedelta())
    shop = replace(KEPT, idle=idle)
    async with open_site(sandbox, shop, flush_interval=timedelta(seconds=1)) as site:
        asleep = await site.status("shop")
        await site.wake("shop")
        used = await site.status("shop")
        async with site.dial() as line:
            await line.say(site.request("shop", "/api/drip?seconds=30"))
            assert (await read_head(line.reader)).status == 200
            in_use = await site.status("shop")

    assert (asleep["sleeps_in_seconds"], asleep["stays"], asleep["awake_seconds"]) == (None, None, None)
    assert asleep["keep_awake_for_seconds"] == 7200
    assert 295 < used["sleeps_in_seconds"] <= 301
    assert (used["stays"], used["kept_until"]) == ("used", None)
    assert 0 <= used["awake_seconds"] < 10
    assert (in_use["sleeps_in_seconds"], in_use["stays"]) == (None, "in_use")


async def test_looking_is_no_use_and_asks_aws_nothing(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, KEPT, watch=make_rare()) as site:
        await site.wake("shop")
        before = (await site.status("shop"))["sleeps_in_seconds"]
        calls = len(sandbox.calls)
        for _ in range(20):
            assert (await site.ask("shop", "/.wakeproxy/", *BROWSER)).status == 200
            await site.status("shop")

        assert (await site.status("shop"))["sleeps_in_seconds"] <= before
        assert len(sandbox.calls) - calls <= 3, "but for one look that was begun while it woke"


async def test_the_button_keeps_it_awake(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, KEPT) as site:
        await site.wake("shop")
        answer = await site.ask("shop", "/.wakeproxy/keep-awake", *PROGRAM, method="POST")
        told = read(answer)
        page = await site.ask("shop", "/.wakeproxy/", *BROWSER)

    assert answer.status == 202
    assert told["stays"] == "kept"
    assert 7190 < told["sleeps_in_seconds"] <= 7200
    assert abs(datetime.fromisoformat(told["kept_until"]) - datetime.now(UTC) - HOURS) < timedelta(seconds=20)
    assert "It is kept awake until" in words(page.body)


async def test_the_form_works_without_a_script_and_leads_back_to_the_page(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, KEPT) as site:
        await site.wake("shop")
        answer = await site.ask(
            "shop",
            "/.wakeproxy/keep-awake?path=/",
            *BROWSER,
            FORM,
            "Sec-Fetch-Site: same-origin",
            method="POST",
            body=b"next=%2F.wakeproxy%2F%3Fpath%3D%2F",
        )

        assert (answer.status, answer["Location"]) == (303, "/.wakeproxy/?path=/")
        assert (await site.status("shop"))["stays"] == "kept"


async def test_where_visitors_have_no_say_there_is_no_button(site: Site) -> None:
    await site.wake("shop")

    assert await keep(site) == 404
    assert b"<form" not in (await site.ask("shop", "/.wakeproxy/", *BROWSER)).body
    assert (await site.status("shop"))["stays"] == "used"


async def test_only_the_services_own_pages_may_keep_it_awake(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, KEPT) as site:
        await site.wake("shop")
        for field in ("Origin: http://evil.test", "Sec-Fetch-Site: cross-site", "Origin: null"):
            assert await keep(site, *PROGRAM, field) == 403, field
        assert (await site.ask("shop", "/.wakeproxy/keep-awake", *BROWSER)).status == 404
        assert (await site.status("shop"))["kept_until"] is None

        assert await keep(site, *PROGRAM, "Sec-Fetch-Site: same-origin", "Origin: null") == 202


async def test_a_wish_wakes_nothing(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, KEPT) as site:
        assert await keep(site) == 202
        told = await site.status("shop")
        page = await site.ask("shop", "/.wakeproxy/", *BROWSER)

        assert (told["phase"], told["sleeps_in_seconds"]) == ("ASLEEP", None)
        assert told["kept_until"] is not None
        assert "Once woken, it will stay awake until" in words(page.body)
        assert site.wakes() == 0


async def test_wishes_are_bounded_and_pressing_twice_is_one(sandbox: Sandbox) -> None:
    names = ("one", "two", "three")
    services = [make_service(name, keep_awake_for=HOURS) for name in names]
    for name in names:
        sandbox.create_service(name)
    async with open_site(sandbox, *services, limits=limits(wakes_per_minute=2)) as site:
        pressed = [await keep(site, name="one") for _ in range(4)]
        others = [await keep(site, name=name) for name in ("two", "three", "one")]
        refused = await site.ask("three", "/.wakeproxy/keep-awake", *PROGRAM, method="POST")

    assert pressed == [202] * 4
    assert others == [202, 429, 202]
    assert refused["Retry-After"] == "60"


async def test_where_services_share_a_host_the_page_says_which_is_meant(sandbox: Sandbox) -> None:
    sandbox.create_service("web")
    sandbox.create_service("api")
    web = make_service("web")
    api = replace(make_service("api", keep_awake_for=HOURS), hosts=web.hosts, path="/api")
    async with open_site(sandbox, web, api) as site:
        page = await site.ask("web", "/.wakeproxy/?path=/api/things", *BROWSER)
        assert page["Wakeproxy-Service"] == "api"
        assert b'action="/.wakeproxy/keep-awake?path=/api"' in page.body
        assert b'href="/api"' in page.body

        assert await keep(site, name="web", query="?path=/api") == 202
        assert await keep(site, *BROWSER, FORM, name="web", query="?path=/api", body=b"next=/") == 303
        assert await keep(site, name="web") == 404


async def test_the_link_back_leads_to_the_service_whatever_path_is_asked_for(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, KEPT) as site:
        page = await site.ask("shop", "/.wakeproxy/?path=//evil.test/", *BROWSER)

    assert b"evil" not in page.body


async def test_the_wait_page_leads_to_the_page_where_visitors_have_a_say(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.create_service("mute")
    async with open_site(sandbox, KEPT, make_service("mute")) as site:
        shop, mute = await asyncio.gather(*(site.ask(name, "/", *BROWSER) for name in ("shop", "mute")))

    assert b'<a href="/.wakeproxy/?path=/">' in shop.body
    assert b"/.wakeproxy/?" not in mute.body


def make_rare() -> WatchSettings:
    """Look at AWS while something wakes, and then hardly ever."""
    return WatchSettings(timedelta(milliseconds=50), timedelta(hours=1), timedelta(hours=1))

"""``/.wakeproxy/`` on every routed host: status, events and the wake by hand."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.front.conftest import BROWSER, PATIENCE, PROGRAM, Site, make_service, make_settings, open_site, read
from tests.upstream.wire import Line, Message, read_head
from wakeproxy.bootstrap import load_pages, now, open_house, run_engine
from wakeproxy.core.service import WakeOn
from wakeproxy.engine.traffic import Traffic
from wakeproxy.front.gate import Gate
from wakeproxy.front.streams import Streams
from wakeproxy.pages.speech import Speech
from wakeproxy.pages.stays import Stays
from wakeproxy.pages.wait_pages import WaitPages
from wakeproxy.sandbox import Fault, Sandbox

Event = tuple[str, dict[str, Any]]


async def read_events(line: Line) -> AsyncGenerator[Event, None]:
    """Read events to the end of the stream."""
    while size := int((await line.reader.readuntil(b"\r\n")).strip(), 16):
        text = (await line.reader.readexactly(size + 2)).decode()
        fields = dict(row.split(": ", 1) for row in text.strip().splitlines() if not row.startswith(":"))
        if fields:
            yield fields["event"], json.loads(fields["data"])


async def follow(site: Site, name: str, *, until: str) -> tuple[Message, list[Event]]:
    """Follow a service's events up to the first of a kind, or to the end of the stream."""
    heard: list[Event] = []
    async with asyncio.timeout(PATIENCE), site.dial() as line:
        await line.say(site.request(name, "/.wakeproxy/events", "Accept: text/event-stream", "User-Agent: x"))
        head = await read_head(line.reader)
        async with aclosing(read_events(line)) as events:
            async for event in events:
                heard.append(event)
                if event[0] == until and until != "ready":
                    break
    return head, heard


async def test_status_says_all_that_the_page_needs_and_wakes_nothing(site: Site) -> None:
    answer = await site.ask("shop", "/.wakeproxy/status")

    told = read(answer)
    assert answer.status == 200
    assert answer["Cache-Control"] == "no-store"
    assert (answer["Wakeproxy-Phase"], answer["Wakeproxy-Service"], answer["Server"]) == ("ASLEEP", "shop", "wakeproxy")
    wanted = {"service", "phase", "stage", "percent", "eta_seconds", "elapsed_seconds", "reason", "ready"}
    assert wanted <= told.keys()
    assert (told["service"], told["phase"], told["ready"]) == ("shop", "ASLEEP", False)
    assert site.wakes() == 0


async def test_events_tell_the_wake_in_order_and_end_with_ready(site: Site) -> None:
    waiting = asyncio.create_task(follow(site, "shop", until="ready"))
    head, heard = await waiting

    assert head.status == 200
    assert head["Content-Type"] == "text/event-stream"
    assert head["Cache-Control"] == "no-store"
    kinds = [kind for kind, _ in heard]
    assert kinds == ["progress"] * (len(kinds) - 1) + ["ready"]
    assert heard[-1][1]["ready"] is True
    percents = [told["percent"] for _, told in heard if told["phase"] == "WAKING"]
    assert percents == sorted(percents)
    order = ["requested", "provisioning", "pulling", "starting", "running", "answering"]
    stages = [order.index(told["stage"]) for _, told in heard if told["stage"]]
    assert stages == sorted(stages)
    assert len(set(stages)) > 1


async def test_who_follows_a_sleeping_service_wakes_it(site: Site) -> None:
    _, heard = await follow(site, "shop", until="ready")

    assert heard[0][1]["phase"] == "ASLEEP"
    assert site.wakes() == 1


async def test_who_follows_where_a_click_wakes_does_not(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    async with open_site(sandbox, make_service("shop", wake_on=WakeOn.CLICK)) as site, site.dial() as line:
        await line.say(site.request("shop", "/.wakeproxy/events"))
        await read_head(line.reader)
        async with aclosing(read_events(line)) as events:
            assert (await anext(events))[1]["phase"] == "ASLEEP"
            assert site.wakes() == 0

            await site.ask("shop", "/.wakeproxy/wake", *PROGRAM, method="POST")
            async with asyncio.timeout(PATIENCE):
                assert [kind async for kind, _ in events][-1] == "ready"

        assert site.wakes() == 1


async def test_a_wake_that_fails_is_told_as_failed_with_its_reason(sandbox: Sandbox) -> None:
    sandbox.create_service("shop", image="registry.example/no/such:1")
    async with open_site(sandbox, make_service("shop")) as site:
        _, heard = await follow(site, "shop", until="failed")

    kind, told = heard[-1]
    assert (kind, told["phase"]) == ("failed", "FAILED")
    assert "cannot be pulled" in told["reason"]


class Ear:
    """Listens to a stream, as a connection would."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def hear(self, event: bytes) -> None:
        self.heard.put_nowait(event)

    def hear_end(self) -> None:
        """It does not end here."""


async def test_a_quiet_stream_is_kept_alive(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    shop = make_service("shop", wake_on=WakeOn.CLICK)
    settings = make_settings(sandbox, shop)
    async with open_house(settings) as house, run_engine(house, (shop,)) as engine:
        pages = load_pages(settings)
        traffic = Traffic(
            house.ledger, clock=now, flush_interval=timedelta(), front="front", on_record=engine.waker.hear
        )
        speech = Speech(pages, now, WaitPages(pages, now), Stays(traffic, timedelta(), now))
        streams = Streams(engine.waker, Gate(engine.waker, 60), engine.board, speech, heartbeat=0.02)
        ear = Ear()
        streams.join(shop, ear)
        async with asyncio.timeout(PATIENCE):
            said = [await ear.heard.get() for _ in range(3)]
        await streams.stop()

    assert said[0].startswith(b"event: progress\n")
    assert said[1:] == [b": still here\n\n"] * 2


async def test_a_wake_by_hand_answers_programs_and_forms(site: Site) -> None:
    program = await site.ask("shop", "/.wakeproxy/wake", *PROGRAM, method="POST")
    form = await site.ask(
        "shop",
        "/.wakeproxy/wake",
        *BROWSER,
        "Sec-Fetch-Site: same-origin",
        "Content-Type: application/x-www-form-urlencoded",
        method="POST",
        body=b"next=%2Fdeep%3Fx%3D1",
    )

    assert (program.status, read(program)["service"], program["Wakeproxy-Service"]) == (202, "shop", "shop")
    assert (form.status, form["Location"], form["Cache-Control"]) == (303, "/deep?x=1", "no-store")
    await site.until_phase("shop", "AWAKE")
    assert site.wakes() == 1


async def test_a_form_leads_back_to_a_path_of_this_host_and_nowhere_else(site: Site) -> None:
    for wanted in ("//evil.test/", "/%5Cevil.test", "http://evil.test/", "evil", "", "/a%0d%0aX-Evil:1", "/%E2%84%AA"):
        answer = await site.ask(
            "shop",
            "/.wakeproxy/wake",
            *BROWSER,
            "Content-Type: application/x-www-form-urlencoded",
            method="POST",
            body=f"next={wanted}".encode(),
        )
        assert (answer.status, answer["Location"]) == (303, "/"), wanted
        assert "X-Evil" not in answer


FOREIGN = [
    ("Origin: http://evil.test",),
    ("Origin: null",),
    ("Origin: http://shop.test.evil.test",),
    ("Sec-Fetch-Site: cross-site", "Origin: http://shop.test"),
    ("Sec-Fetch-Site: same-site",),
]
OWN = [
    (),
    ("Origin: http://shop.test",),
    ("Origin: https://SHOP.test",),
    ("Sec-Fetch-Site: same-origin", "Origin: null"),
]


async def test_only_the_services_own_pages_may_wake_it(site: Site) -> None:
    for fields in FOREIGN:
        answer = await site.ask("shop", "/.wakeproxy/wake", *PROGRAM, *fields, method="POST")
        assert answer.status == 403, fields
    assert site.wakes() == 0

    for fields in OWN:
        answer = await site.ask("shop", "/.wakeproxy/wake", *PROGRAM, *fields, method="POST")
        assert answer.status == 202, fields
    await site.until_phase("shop", "AWAKE")
    assert site.wakes() == 1


async def test_a_wake_is_never_asked_for_by_get(site: Site) -> None:
    answer = await site.ask("shop", "/.wakeproxy/wake", *BROWSER)

    assert answer.status == 404
    assert site.wakes() == 0


async def test_the_prefix_never_reaches_the_app(site: Site) -> None:
    await site.wake("shop")

    for path in ("/.wakeproxy/keep-awake", "/.wakeproxy/api/echo", "/.wakeproxy/../api/echo", "/.wakeproxy/status/x"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = await site.ask("shop", path, *PROGRAM, method=method)
            assert answer.status == 404, (method, path)
            assert answer["Server"] == "wakeproxy"


async def test_where_services_share_a_host_the_form_says_which_is_meant(sandbox: Sandbox) -> None:
    sandbox.create_service("web")
    sandbox.create_service("api")
    sandbox.faults.add(Fault(kind="capacity", target="apps/*", times=None))
    web = make_service("web")
    api = replace(make_service("api", hold_for=timedelta()), hosts=web.hosts, path="/api")
    async with open_site(sandbox, web, api) as site:
        kind = "Content-Type: application/x-www-form-urlencoded"
        answer = await site.ask("web", "/.wakeproxy/wake", *BROWSER, kind, method="POST", body=b"next=%2Fapi%2Fthings")
        asked = await site.ask("web", "/.wakeproxy/wake?path=/api", *PROGRAM, method="POST")

        assert (answer["Wakeproxy-Service"], asked["Wakeproxy-Service"]) == ("api", "api")
        assert (await site.status("web"))["phase"] == "ASLEEP"

"""Whatever visitors do, what they hold, open and wake is bounded."""

import asyncio
import hashlib
from datetime import timedelta

from tests.front.conftest import BROWSER, PATIENCE, PROGRAM, Site, limits, make_service, open_site, read
from tests.upstream.conftest import open_door
from tests.upstream.flow import PIECE, PIECES, SIZE, Flow
from tests.upstream.wire import Message, ask, dial, head, run_app
from wakeproxy.front.trust import Networks
from wakeproxy.sandbox import Fault, Sandbox

NO_CAPACITY = Fault(kind="capacity", target="apps/*", times=None)
LONG = timedelta(minutes=5)


async def is_held(site: Site, name: str) -> Message | None:
    """Ask a service that does not come up: ``None`` if the request is held, or else what it was told."""
    try:
        async with asyncio.timeout(0.3):
            return await site.ask(name, "/api/echo", *PROGRAM)
    except TimeoutError:
        return None


async def test_the_body_of_a_held_request_stays_with_its_sender(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.faults.add(NO_CAPACITY)
    flow = Flow()
    async with open_site(sandbox, make_service("shop", hold_for=LONG)) as site, site.dial() as line:
        await line.say(site.request("shop", "/api/echo", *PROGRAM, f"Content-Length: {SIZE}", method="POST"))
        upload = asyncio.create_task(flow.pour(line))
        assert await flow.stand_still() < SIZE
        assert (await site.status("shop"))["phase"] == "WAKING"

        sandbox.faults.clear()
        async with asyncio.timeout(PATIENCE):
            await upload
            answer = await line.hear()

    told = read(answer)
    assert (told["bytes"], told["sha256"]) == (SIZE, hashlib.sha256(PIECE * PIECES).hexdigest())
    assert "Wakeproxy-Cold-Start" in answer


async def test_no_more_than_so_many_are_held_for_a_service(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.create_service("other")
    sandbox.faults.add(NO_CAPACITY)
    services = [make_service(name, hold_for=LONG) for name in ("shop", "other")]
    async with open_site(sandbox, *services, limits=limits(held_per_service=2)) as site:
        async with site.dial() as first, site.dial() as second:
            for line in (first, second):
                await line.say(site.request("shop", "/api/echo"))
            async with asyncio.timeout(PATIENCE):
                while (refused := await is_held(site, "shop")) is None:
                    pass
            assert await is_held(site, "other") is None

        async with asyncio.timeout(PATIENCE):
            while await is_held(site, "shop") is not None:
                await asyncio.sleep(0.01)  # those who left have made place

    assert (refused.status, read(refused)["title"]) == (503, "Too many are waiting")
    assert int(refused["Retry-After"]) > 0
    assert refused["Wakeproxy-Service"] == "shop"


async def test_no_more_than_so_many_are_held_in_all(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")
    sandbox.create_service("other")
    sandbox.faults.add(NO_CAPACITY)
    services = [make_service(name, hold_for=LONG) for name in ("shop", "other")]
    async with (
        open_site(sandbox, *services, limits=limits(held_requests=1)) as site,
        site.dial() as line,
    ):
        await line.say(site.request("shop", "/api/echo"))
        async with asyncio.timeout(PATIENCE):
            while (refused := await is_held(site, "other")) is None:
                pass
        page = await site.ask("other", "/", *BROWSER)

    assert refused.status == 503
    assert page["Content-Type"].startswith("text/html"), "a page takes no place"


async def test_no_more_than_so_many_wakes_are_begun_within_a_minute(sandbox: Sandbox) -> None:
    names = ("one", "two", "three")
    for name in names:
        sandbox.create_service(name)
    async with open_site(sandbox, *map(make_service, names), limits=limits(wakes_per_minute=2)) as site:
        await site.wake("one")
        await site.wake("two")
        page = await site.ask("three", "/", *BROWSER)
        problem = await site.ask("three", "/", *PROGRAM)
        pressed = await site.ask("three", "/.wakeproxy/wake", *PROGRAM, method="POST")

        assert {answer.status for answer in (page, problem, pressed)} == {429}
        assert {answer["Retry-After"] for answer in (page, problem, pressed)} == {"60"}
        assert page["Content-Type"].startswith("text/html")
        assert problem["Wakeproxy-Service"] == "three"
        assert (await site.ask("one", "/api/echo")).status == 200, "what is awake is served"
        assert site.wakes() == 2
        assert not sandbox.tasks("apps", "three")


async def test_no_more_than_so_many_services_are_awake(sandbox: Sandbox) -> None:
    for name in ("one", "two"):
        sandbox.create_service(name)
    services = [make_service(name) for name in ("one", "two")]
    async with open_site(sandbox, *services, limits=limits(awake_services=1)) as site:
        await site.wake("one")
        assert (await site.ask("two", "/", *PROGRAM)).status == 429
        assert site.wakes() == 1


async def test_a_head_over_the_limit_is_refused_and_says_so(sandbox: Sandbox) -> None:
    sandbox.create_service("shop")

    async with open_site(sandbox, make_service("shop"), limits=limits(head_bytes=2048)) as site:
        field = await site.ask("shop", "/", *BROWSER, "X-Long: " + "x" * 3000)
        line = await site.ask("shop", "/" + "x" * 3000, *BROWSER)
        fits = await site.ask("shop", "/" + "x" * 1000, *BROWSER)

    assert (field.status, line.status, fits.status) == (431, 431, 503)


async def test_connections_beyond_the_limit_are_told_so_at_once() -> None:
    request = head("GET / HTTP/1.1")
    async with run_app() as app, open_door(app, limits=limits(connections=2)) as door:
        async with dial(door.port) as first, dial(door.port) as second:
            for line in (first, second):
                await line.say(request)
                assert (await line.hear()).status == 200
            async with dial(door.port) as third:
                refused = await third.hear()
            await first.say(request)
            assert (await first.hear()).status == 200
        async with asyncio.timeout(PATIENCE):
            while (await ask(door.port, request)).status != 200:
                await asyncio.sleep(0.01)

    assert (refused.status, refused["Server"], refused["Connection"]) == (503, "wakeproxy", "close")
    assert int(refused["Retry-After"]) > 0


async def test_one_client_cannot_take_all_connections() -> None:
    request = head("GET / HTTP/1.1")
    async with (
        run_app() as app,
        open_door(app, limits=limits(connections_per_client=1)) as door,
        dial(door.port) as one,
    ):
        await one.say(request)
        assert (await one.hear()).status == 200
        refused = await ask(door.port, request)
        async with dial(door.port, source="127.0.0.2") as other:
            await other.say(request)
            assert (await other.hear()).status == 200

    assert (refused.status, refused["Connection"]) == (429, "close")


async def test_the_connections_of_a_trusted_proxy_are_not_one_clients(trust_loopback: Networks) -> None:
    request = head("GET / HTTP/1.1")
    bound = limits(connections_per_client=1)
    async with run_app() as app, open_door(app, limits=bound, trusted=trust_loopback) as door, dial(door.port) as one:
        await one.say(request)
        assert (await one.hear()).status == 200
        assert (await ask(door.port, request)).status == 200

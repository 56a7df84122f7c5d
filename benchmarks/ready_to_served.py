"""From the app's first accept to its first byte at the visitor: our page, our hold, and two ways others do it.

Every wake is watched by all visitors at once: the page that is told by server-sent events, the held request, a page
that polls every five seconds and one that reloads every three. Their differences are therefore of the same wakes.
Then a real browser opens the page of some more services, one after the other, for it needs a processor for itself.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import median, quantiles

import aiohttp
from playwright.async_api import Browser, async_playwright

from tests.pages.conftest import FLAGS, find_chromium
from tests.world import BROWSER, PROGRAM, Front, World, run_front, run_sandbox, visit

_APP = Path(__file__).with_name("late_app.py")
_AT_ONCE = 5
Found = dict[str, list[float]]
_Visitor = Callable[[aiohttp.ClientSession, str], Coroutine[None, None, float]]


async def _since(answer: aiohttp.ClientResponse) -> float:
    """Seconds from the app's first accept until now, when its answer has begun to arrive."""
    return time.time() - float(answer.headers["X-Accepting-Since"])


async def follow_page(session: aiohttp.ClientSession, url: str) -> float:
    """Open the page, listen to its events, and load the app when told."""
    async with session.get(url, headers=BROWSER) as page:
        assert page.status == 503
        await page.read()
    async with session.get(f"{url}.wakeproxy/events") as events:
        async for line in events.content:
            if line == b"event: ready\n":
                break
    async with session.get(url, headers=BROWSER) as answer:
        return await _since(answer)


async def be_held(session: aiohttp.ClientSession, url: str) -> float:
    """Ask as a program does, and wait."""
    async with session.get(url, headers=PROGRAM) as answer:
        return await _since(answer)


def _come_back_every(seconds: float) -> _Visitor:
    async def visit(session: aiohttp.ClientSession, url: str) -> float:
        while True:
            async with session.get(url, headers=BROWSER) as answer:
                if answer.status == 200:
                    return await _since(answer)
            await asyncio.sleep(seconds)

    return visit


async def follow_in(browser: Browser, url: str) -> float:
    """Open the page in a browser, which does the rest by itself."""
    page = await browser.new_page()
    await page.goto(url)
    since = float(await page.locator("#since").inner_text(timeout=30_000))
    first_byte: float = await page.evaluate(
        "performance.timeOrigin + performance.getEntriesByType('navigation')[0].responseStart"
    )
    await page.close()
    return first_byte / 1000 - since


VISITORS: dict[str, _Visitor] = {
    "page (events)": follow_page,
    "hold": be_held,
    "reload every 3 s": _come_back_every(3),
    "poll every 5 s": _come_back_every(5),
}


async def measure(wakes: int, *, browsed: int) -> Found:
    """Wake that many services, and some more for a browser; seconds by kind of visitor."""
    rng = random.Random(1)
    found: Found = defaultdict(list)
    names = [f"app-{number}" for number in range(wakes + browsed)]
    with tempfile.TemporaryDirectory() as folder:
        async with run_sandbox(Path(folder)) as world:
            for name in names:
                await _create(world, name, start=rng.uniform(1, 6 if name in names[:wakes] else 3))
            async with run_front(world.configure({name: {} for name in names})) as front:
                places = asyncio.Semaphore(_AT_ONCE)
                await asyncio.gather(*(_wake(front, name, places, found) for name in names[:wakes]))
                found["page in Chromium"] = await _browse([front.url(name) for name in names[wakes:]])
    return found


async def _browse(urls: list[str]) -> list[float]:
    async with async_playwright() as playwright:
        path = find_chromium(playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        seconds = [await follow_in(browser, url) for url in urls]
        await browser.close()
    return seconds


async def _create(world: World, name: str, *, start: float) -> None:
    command = [sys.executable, str(_APP)]
    await world.create(name, image="late", command=command, environment={"START_SECONDS": f"{start:.3f}"})


async def _wake(front: Front, name: str, places: asyncio.Semaphore, found: Found) -> None:
    async with places, visit() as session:
        seconds = await asyncio.gather(*(visitor(session, front.url(name)) for visitor in VISITORS.values()))
    for kind, second in zip(VISITORS, seconds, strict=True):
        found[kind].append(second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wakes", type=int, default=50)
    parser.add_argument("--browsed", type=int, default=15, help="how many more a browser watches")
    options = parser.parse_args()
    found = asyncio.run(measure(options.wakes, browsed=options.browsed))
    ours = median(found["page (events)"])
    print(f"{'first accept -> first byte at the visitor':44}{'p50 ms':>9}{'p99 ms':>9}{'x page':>9}")
    for kind, seconds in found.items():
        middle, last = median(seconds), quantiles(seconds, n=100, method="inclusive")[98]
        print(f"{kind + f' ({len(seconds)} wakes)':44}{middle * 1000:9.0f}{last * 1000:9.0f}{middle / ours:9.1f}")


if __name__ == "__main__":
    main()

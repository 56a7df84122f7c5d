"""Chromium for the tests of pages, and the scripted site they look at."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.pages.wake_site import WakeSite
from wakeproxy.pages.pages import Pages

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenPage = Callable[..., Awaitable[Page]]


def find_chromium(own: str) -> str:
    """Give the path of the system's Chromium, or of Playwright's ``own``; to have neither is a failure."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None) or (own if Path(own).exists() else None)
    if found is None:
        pytest.fail("Chromium is not installed; install it with: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def pages() -> Pages:
    return Pages.load(folders={})


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(playwright.chromium.executable_path), args=FLAGS
        )
        yield browser
        await browser.close()


@pytest.fixture
async def site(pages: Pages) -> AsyncIterator[WakeSite]:
    site = WakeSite(pages)
    runner = web.AppRunner(site.application(), shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.origin = "http://{}:{}".format(*runner.addresses[0][:2])
    yield site
    site.hang_up()
    await runner.cleanup()


@pytest.fixture
async def open_page(browser: Browser, site: WakeSite) -> AsyncIterator[OpenPage]:
    """Open a path of the site in a tab; whatever the policy blocked or a script threw fails the test."""
    complaints: list[str] = []

    async def open_page(path: str = "/", *, context: BrowserContext | None = None, **options: object) -> Page:
        if context is None:
            context = await browser.new_context(**options)  # type: ignore[arg-type]  # Playwright's own options
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
        await page.goto(site.origin + path)
        return page

    yield open_page
    # The browser's end closes the contexts too; closing one in the middle of a reload can hang.
    assert complaints == []


async def open_stopped(site: WakeSite, open_page: OpenPage, path: str = "/") -> Page:
    """Open a path in a tab whose clock and timers stand still until the test moves them."""
    page = await open_page("/elsewhere")
    await page.clock.install()
    await page.clock.pause_at("2030-01-01")
    await page.goto(site.origin + path)
    return page


async def until(condition: Callable[[], object], *, within: float = 10) -> None:
    """Wait until `condition` holds, looking 100 times a second."""
    async with asyncio.timeout(within):
        while not condition():  # what is awaited happens in a browser, which sets no event of ours
            await asyncio.sleep(0.01)
